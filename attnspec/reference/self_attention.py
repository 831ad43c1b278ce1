"""Self-attention step by step: vectors go in, as many vectors come out.

The same thing three times: vector by vector, as its authors explain it; in
matrices with vectors as rows, as this book writes it; and with vectors as columns,
as many lectures do. All three are one function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._checks import check_broadcast
from attnspec._typing import Finite
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import weighted_sum
from attnspec.reference.scores import default_scale, scaled_dot_product
from attnspec.reference.softmax import softmax

Normalizer = Callable[..., Float64[np.ndarray, "..."]]
"""Takes scores and a mask (or None) of their shape and gives the weights."""


class Projections(NamedTuple):
    """The three matrices of a layer: what it asks, answers and hands on.

    Parameters
    ----------
    query, key : (D, E) arrays
    value : (D, Ev) array
    """

    query: Float[np.ndarray, "D E"]
    key: Float[np.ndarray, "D E"]
    value: Float[np.ndarray, "D Ev"]


@definition
def projected(
    x: Float[np.ndarray, "*batch L D"], weight: Float[np.ndarray, "D E"]
) -> Float64[np.ndarray, "*batch L E"]:
    r"""Multiply every vector by one matrix.

    .. math:: y_i = x_i W

    Parameters
    ----------
    x : (..., L, D) array
    weight : (D, E) array
        Acts from the right, because vectors are rows. Frameworks that store it
        as (E, D) multiply by its transpose.

    Returns
    -------
    (..., L, E) array
        Each row depends on its own vector alone.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> projected(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[10.0], [1.0]]))
    array([[12.],
           [ 1.]])
    """
    return np.einsum("...ld,de->...le", float64(x), float64(weight))


@definition
def self_attention(
    x: Float[np.ndarray, "*batch L D"],
    projections: Projections,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    normalizer: Normalizer = softmax,
) -> Float64[np.ndarray, "*batch L Ev"]:
    r"""Let every vector of a sequence attend to all of them, all at once.

    .. math::
        Q = X W_q, \quad K = X W_k, \quad V = X W_v, \quad
        O = \operatorname{rows\,normalized}(\mathit{scale}\; Q K^\top) \, V

    Parameters
    ----------
    x : (..., L, D) array
        The vectors are the rows.
    projections : Projections
    mask : array of bool, optional
        Broadcasts to (..., L, L); True attends.
    scale : float, optional
        One over the root of E by default; lectures often leave it out, which is 1.
    normalizer : callable
        From scores and mask to weights.

    Returns
    -------
    (..., L, Ev) array
        One output for each vector.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, equation 1,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> ask, pass_on = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> x = np.array([[0.0, 8.0], [0.0, 4.0]])
    >>> self_attention(x, Projections(ask, ask, pass_on))
    array([[6.],
           [6.]])
    """
    query, key, value = (projected(x, weight) for weight in projections)
    scores = scaled_dot_product(query, key, scale=scale)
    check_broadcast("mask", mask, scores.shape)
    visible = None if mask is None else np.broadcast_to(mask, scores.shape)
    return weighted_sum(_weights(normalizer, scores, visible), value, visible)


@definition
def self_attention_by_vector(
    x: Float[np.ndarray, "L D"],
    projections: Projections,
    *,
    scale: Finite | None = None,
    normalizer: Normalizer = softmax,
) -> Float64[np.ndarray, "L Ev"]:
    r"""Let one vector after the other attend to all of them.

    .. math::
        \alpha_{ij} = \mathit{scale}\; q^i \cdot k^j, \quad
        \alpha'_i = \operatorname{normalized}(\alpha_i), \quad
        b^i = \sum_j \alpha'_{ij} \, v^j

    Parameters
    ----------
    x : (L, D) array
        The vectors are the rows.
    projections : Projections
    scale : float, optional
        One over the root of E by default.
    normalizer : callable
        From scores and mask to weights.

    Returns
    -------
    (L, Ev) array
        No output waits for another: they may be computed in any order.

    See Also
    --------
    self_attention : All vectors at once.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.eye(1)
    >>> self_attention_by_vector(np.zeros((2, 1)), Projections(one, one, one))
    array([[0.],
           [0.]])
    """
    query, key, value = (projected(x, weight) for weight in projections)
    factor = default_scale(query.shape[-1]) if scale is None else scale
    outputs = np.zeros(value.shape)
    for i, asking in enumerate(query):
        relevance = np.array([factor * np.sum(asking * k) for k in key])
        weights = _weights(normalizer, relevance, None)
        for weight, vector in zip(weights, value, strict=True):
            outputs[i] += weight * vector
    return outputs


@definition
def self_attention_of_columns(
    x: Float[np.ndarray, "D L"],
    query_weight: Float[np.ndarray, "E D"],
    key_weight: Float[np.ndarray, "E D"],
    value_weight: Float[np.ndarray, "Ev D"],
    *,
    scale: Finite | None = None,
    normalizer: Normalizer = softmax,
) -> Float64[np.ndarray, "Ev L"]:
    r"""Write self-attention with vectors as columns, as many lectures do.

    .. math::
        Q = W_q I, \quad K = W_k I, \quad V = W_v I, \quad
        A = \mathit{scale}\; K^\top Q, \quad
        A' = \operatorname{columns\,normalized}(A), \quad O = V A'

    Parameters
    ----------
    x : (D, L) array
        The vectors are the columns.
    query_weight, key_weight : (E, D) arrays
        They act from the left: the transposes of `Projections`.
    value_weight : (Ev, D) array
    scale : float, optional
        One over the root of E by default.
    normalizer : callable
        From scores and mask to weights, along the last axis.

    Returns
    -------
    (Ev, L) array
        The transpose of what `self_attention` gives for the transposes.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 0.0], [8.0, 4.0]])
    >>> ask, pass_on = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    >>> self_attention_of_columns(x, ask, ask, pass_on)
    array([[6., 6.]])
    """
    query, key = float64(query_weight) @ x, float64(key_weight) @ x
    value = float64(value_weight) @ x
    factor = default_scale(query.shape[0]) if scale is None else scale
    relevance = factor * (key.T @ query)
    weights = _weights(normalizer, relevance.T, None).T
    return value @ weights


@definition
def stacked(
    x: Float[np.ndarray, "*batch L D"],
    layers: Sequence[Projections],
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    normalizer: Normalizer = softmax,
) -> Float64[np.ndarray, "*batch L Ev"]:
    r"""Apply one layer after the other; what one gives, the next one takes.

    .. math:: X_{n + 1} = \operatorname{self\_attention}_n(X_n)

    Parameters
    ----------
    x : (..., L, D) array
    layers : sequence of Projections
        The value width of each is the D of the next. No layer at all gives `x`.
    mask, scale, normalizer
        As in `self_attention`, the same for all layers.

    Returns
    -------
    (..., L, Ev) array
        As wide as the values of the last layer.

    References
    ----------
    Vaswani et al., 2017, section 3.1, :doi:`10.48550/arXiv.1706.03762`, where
    each layer also has a residual, a normalization and a network of its own.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Projections(np.zeros((1, 1)), np.zeros((1, 1)), np.eye(1))
    >>> stacked(np.array([[0.0], [4.0]]), [layer, layer])
    array([[2.],
           [2.]])
    """
    hidden = float64(x)
    for layer in layers:
        hidden = self_attention(
            hidden, layer, mask=mask, scale=scale, normalizer=normalizer
        )
    return hidden


def _weights(
    normalizer: Normalizer,
    scores: Float64[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*rows S"] | None,
) -> Float64[np.ndarray, "*rows S"]:
    """Normalize, and demand a weight for each score."""
    weights = normalizer(scores, mask)
    if np.shape(weights) != scores.shape:
        got = np.shape(weights)
        msg = f"normalizer: expected weights of shape {scores.shape}, got {got}"
        raise InvalidArgument(msg)
    return weights


__all__ = [
    "Normalizer",
    "Projections",
    "projected",
    "self_attention",
    "self_attention_by_vector",
    "self_attention_of_columns",
    "stacked",
]
