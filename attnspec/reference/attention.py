"""Attention: every query takes the mean of the values, weighted by its scores.

There is one core: scores, a softmax over the visible keys, a weighted sum. Each
option reduces to it. A scale, a softcap and a bias change the scores, in this
order; mask, causality, window and a bias of minus infinity say which keys are
visible; a sink is one more score that has no value; shared key heads are repeated.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._checks import check_broadcast
from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.reference._arrays import definition, float64
from attnspec.reference._problem import Problem, reduced
from attnspec.reference.softmax import logsumexp_with_sink, softmax_with_sink


@definition
def weighted_sum(
    weights: Float[np.ndarray, "*batch L S"],
    value: Float[np.ndarray, "*batch S Ev"],
    mask: Bool[np.ndarray, "..."] | None = None,
) -> Float64[np.ndarray, "*batch L Ev"]:
    r"""Sum the visible values, each times its weight.

    .. math:: o_i = \sum_{j \,\text{visible}} w_{ij} v_j

    Parameters
    ----------
    weights : (..., L, S) array
    value : (..., S, Ev) array
    mask : array of bool, optional
        Broadcasts to the shape of `weights`; True attends. Hidden values are
        selected away: not even a NaN among them has any influence.

    Returns
    -------
    (..., L, Ev) array
        Zero for a query that sees no key.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_sum(np.array([[0.25, 0.75]]), np.array([[0.0, 4.0], [8.0, 4.0]]))
    array([[6., 4.]])
    >>> value = np.array([[1.0], [np.nan]])
    >>> weighted_sum(np.array([[1.0, 0.0]]), value, np.array([True, False]))
    array([[1.]])
    """
    check_broadcast("mask", mask, weights.shape)
    visible = np.broadcast_to(True if mask is None else mask, weights.shape)
    values = np.where(visible[..., None], float64(value)[..., None, :, :], 0.0)
    return np.einsum("...ls,...lse->...le", float64(weights), values)


@definition
def attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Float64[np.ndarray, "B Hq L Ev"]:
    r"""Answer each query with the mean of the visible values, weighted by softmax.

    .. math::
        s_{ij} &= \operatorname{cap}(\mathit{scale}\; q_i \cdot k_j) + b_{ij} \\
        o_i &= \sum_{j \,\text{visible}}
               \frac{e^{s_{ij}}}{e^{\mathit{sink}} +
               \sum_{j' \,\text{visible}} e^{s_{ij'}}} \; v_j

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
        Hq is a multiple of Hkv; consecutive query heads share a key head.
    value : (B, Hkv, S, Ev) array
    mask : array of bool, optional
        Broadcasts to (B, Hq, L, S); True attends.
    bias : array, optional
        Broadcasts to (B, Hq, L, S); added after scale and softcap. Minus
        infinity hides a key.
    scale : float, optional
        One over the root of E by default.
    causal : bool
        Hide the keys after each query's position.
    window : (int or None, int or None), optional
        Inclusive distances to the left and right; None is unlimited.
    softcap : float, optional
        Positive: scores are bent into the interval from -softcap to softcap.
    sink : (Hq,) array, optional
        One score a head that joins the denominator and has no value.
    alignment : {"lower_right", "upper_left"}
        Where queries stand, for causality and window alike.

    Returns
    -------
    (B, Hq, L, Ev) array
        In float64, from inputs of any format. Zero for a query that sees no
        key. What a query does not see has no influence on its row, NaN included.

    Raises
    ------
    InvalidArgument
        If the shapes do not fit together or an option is out of its domain.

    See Also
    --------
    attention_weights : The weights alone.
    attention_with_logsumexp : The logarithm of the denominator as well.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, equation 1,
    :doi:`10.48550/arXiv.1706.03762`. The order of scale, softcap, bias and mask
    is that of ONNX Attention-24.

    Examples
    --------
    >>> import numpy as np
    >>> query = np.array([[[[0.0], [1.0]]]])
    >>> key = np.array([[[[0.0], [np.log(3.0)]]]])
    >>> value = np.array([[[[0.0, 4.0], [8.0, 4.0]]]])
    >>> attention(query, key, value)[0, 0].round(12)
    array([[4., 4.],
           [6., 4.]])

    A query that stands before the first key sees nothing:

    >>> attention(query, key[:, :, :1], value[:, :, 1:], causal=True)[0, 0]
    array([[0., 0.],
           [8., 4.]])
    """
    problem = reduced(
        query, key, value, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    return weighted_sum(_weights(problem), problem.value, problem.visible)


@definition
def attention_weights(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    /,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Float64[np.ndarray, "B Hq L S"]:
    r"""Give the weight that each query puts on each key.

    .. math:: w_{ij} = \frac{e^{s_{ij}}}{e^{\mathit{sink}} +
              \sum_{j' \,\text{visible}} e^{s_{ij'}}}
              \;\text{if } j \text{ is visible, else } 0

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`.

    Returns
    -------
    (B, Hq, L, S) array
        Not negative, exactly zero where a key is hidden. A row sums to one, to
        less with a sink, to zero without visible keys.

    Raises
    ------
    InvalidArgument
        If the shapes do not fit together or an option is out of its domain.

    Examples
    --------
    >>> import numpy as np
    >>> attention_weights(np.zeros((1, 1, 2, 1)), np.zeros((1, 1, 2, 1)), causal=True)
    array([[[[1. , 0. ],
             [0.5, 0.5]]]])
    """
    problem = reduced(
        query, key, key, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    return _weights(problem)


@definition
def attention_with_logsumexp(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Give, beside the output, the logarithm of each softmax's denominator.

    .. math:: \operatorname{lse}_i = \log \Bigl( e^{\mathit{sink}} +
              \sum_{j \,\text{visible}} e^{s_{ij}} \Bigr)

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`.

    Returns
    -------
    output : (B, Hq, L, Ev) array
    lse : (B, Hq, L) array
        Natural logarithm. For a query that sees no key it is the sink, or minus
        infinity where there is none.

    Raises
    ------
    InvalidArgument
        If the shapes do not fit together or an option is out of its domain.

    See Also
    --------
    attnspec.reference.merge.merge : Joins such pairs over disjoint sets of keys.

    Examples
    --------
    >>> import numpy as np
    >>> query, key, value = np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1)), np.eye(1)
    >>> attention_with_logsumexp(query, key, value[None, None])
    (array([[[[1.]]]]), array([[[0.]]]))
    """
    problem = reduced(
        query, key, value, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    output = weighted_sum(_weights(problem), problem.value, problem.visible)
    return output, logsumexp_with_sink(problem.scores, problem.visible, problem.sink)


def _weights(problem: Problem) -> Float64[np.ndarray, "B Hq L S"]:
    """Normalize the scores."""
    return softmax_with_sink(problem.scores, problem.visible, problem.sink)


__all__ = [
    "attention",
    "attention_weights",
    "attention_with_logsumexp",
    "weighted_sum",
]
