"""How relevant a key is to a query: dot products, scaled, capped, biased, tempered."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64

from attnspec._checks import check_broadcast
from attnspec._typing import Count, Finite, Positive
from attnspec.reference._arrays import definition, float64


@definition
def dot_product(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S E"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Score every query against every key by their dot product.

    .. math:: s_{ij} = q_i \cdot k_j = \sum_e q_{ie} k_{je}

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, E) array

    Returns
    -------
    (..., L, S) array
        One row for each query. Vectors of width 0 score 0.

    References
    ----------
    Luong, Pham and Manning, "Effective Approaches to Attention-based Neural
    Machine Translation", 2015, section 3.1, "dot", :doi:`10.18653/v1/D15-1166`.

    Examples
    --------
    >>> import numpy as np
    >>> query = np.array([[1.0, 2.0]])
    >>> key = np.array([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
    >>> dot_product(query, key)
    array([[3., 8., 3.]])

    Without keys there are no scores:

    >>> dot_product(query, np.empty((0, 2))).shape
    (1, 0)
    """
    return np.einsum("...le,...se->...ls", float64(query), float64(key))


@definition
def default_scale(width: Count) -> float:
    r"""Give the scale that keeps the variance of the scores: one over root `width`.

    .. math:: 1 / \sqrt{E}

    Parameters
    ----------
    width : int
        The width E of queries and keys.

    Returns
    -------
    float
        1 for a width of 0, where every dot product is 0 and any scale will do.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> default_scale(64)
    0.125
    >>> default_scale(0)
    1.0
    """
    return 1.0 / math.sqrt(width) if width else 1.0


@definition
def scaled_dot_product(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S E"],
    *,
    scale: Finite | None = None,
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Multiply every dot product by one `scale`.

    .. math:: s_{ij} = \mathit{scale} \; q_i \cdot k_j

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, E) array
    scale : float, optional
        One over the root of E by default. Any other value is used as it is
        given, zero and negative ones too.

    Returns
    -------
    (..., L, S) array

    See Also
    --------
    default_scale : The factor where none is given.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, equation 1,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[2.0, 0.0, 0.0, 0.0]]), np.eye(4)[:2]
    >>> scaled_dot_product(query, key)
    array([[1., 0.]])
    >>> scaled_dot_product(query, key, scale=-1.0)
    array([[-2., -0.]])
    """
    factor = default_scale(query.shape[-1]) if scale is None else scale
    return factor * dot_product(query, key)


@definition
def softcapped(
    scores: Float[np.ndarray, "*shape"], cap: Positive
) -> Float64[np.ndarray, "*shape"]:
    r"""Bend the scores smoothly into the open interval from -cap to cap.

    .. math:: \mathit{cap} \, \tanh(s / \mathit{cap})

    Small scores hardly change; the larger the cap, the less any score does.

    Parameters
    ----------
    scores : array
        Infinite scores become -cap and cap; NaN stays NaN.
    cap : float
        Positive and finite.

    Returns
    -------
    array
        Of the shape of `scores`.

    Raises
    ------
    InvalidArgument
        If the cap is not a positive finite number.

    References
    ----------
    Gemma Team, "Gemma 2: Improving Open Language Models at a Practical Size",
    2024, section 2, :doi:`10.48550/arXiv.2408.00118`.

    Examples
    --------
    >>> import numpy as np
    >>> softcapped(np.array([0.0, 1.0, 1000.0]), 50.0).round(3)
    array([ 0.,  1., 50.])
    >>> softcapped(np.array([-np.inf, np.inf]), 2.0)
    array([-2.,  2.])
    """
    return cap * np.tanh(float64(scores) / cap)


@definition
def softcap_slope(
    scores: Float[np.ndarray, "*shape"], cap: Positive
) -> Float64[np.ndarray, "*shape"]:
    r"""Give the derivative of a softcapped score by the score.

    .. math:: 1 - \tanh^2 (s / \mathit{cap}) = \cosh^{-2} (s / \mathit{cap})

    The second form is exact, too, where the first one is a difference of equals.

    Parameters
    ----------
    scores : array
    cap : float
        Positive and finite.

    Returns
    -------
    array
        Of the shape of `scores`: 1 at 0, and 0 far away from it.

    See Also
    --------
    softcapped : The function that this is the derivative of.

    Examples
    --------
    >>> import numpy as np
    >>> softcap_slope(np.array([0.0, np.inf]), 50.0)
    array([1., 0.])
    """
    return 1.0 / np.cosh(float64(scores) / cap) ** 2


@definition
def biased(
    scores: Float[np.ndarray, "*batch L S"],
    bias: Float[np.ndarray, "..."],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Add a bias to the scores.

    .. math:: s_{ij} + b_{ij}

    Parameters
    ----------
    scores : (..., L, S) array
    bias : array
        Broadcasts to the shape of `scores`. A bias of minus infinity is no
        number to add: it hides its key, as a mask does.

    Returns
    -------
    (..., L, S) array
        Minus infinity wherever the bias is.

    See Also
    --------
    attnspec.reference.masks.visible_keys : Counts such keys as hidden.

    Examples
    --------
    >>> import numpy as np
    >>> biased(np.array([[1.0, 2.0]]), np.array([0.5, -0.5]))
    array([[1.5, 1.5]])
    >>> biased(np.array([[1.0, np.nan]]), np.array([0.0, -np.inf]))
    array([[  1., -inf]])
    """
    check_broadcast("bias", bias, scores.shape)
    addend = float64(bias)
    return np.where(np.isneginf(addend), -np.inf, float64(scores) + addend)


@definition
def tempered(
    scores: Float[np.ndarray, "*shape"], temperature: Positive
) -> Float64[np.ndarray, "*shape"]:
    r"""Divide the scores by a temperature: a hot softmax is even, a cold one picks.

    .. math:: s / T

    A temperature is a scale turned over: T = 1 / scale.

    Parameters
    ----------
    scores : array
    temperature : float
        Positive and finite.

    Returns
    -------
    array
        Of the shape of `scores`.

    Raises
    ------
    InvalidArgument
        If the temperature is not a positive finite number.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
    2015, section 2, :doi:`10.48550/arXiv.1503.02531`.

    Examples
    --------
    >>> import numpy as np
    >>> tempered(np.array([1.0, 2.0]), 0.5)
    array([2., 4.])
    """
    return float64(scores) / temperature


__all__ = [
    "biased",
    "default_scale",
    "dot_product",
    "scaled_dot_product",
    "softcap_slope",
    "softcapped",
    "tempered",
]
