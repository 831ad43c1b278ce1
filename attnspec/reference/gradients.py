"""The gradients of attention: what a change of the output asks of its inputs.

A backward pass is given the cotangent of the output, and that of the logsumexp. It
needs the output and the logsumexp of the forward pass and no (L, S) matrix: the
weights are formed anew from the logsumexp. The options reduce to the core as they do
in the forward pass.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._checks import check_broadcast
from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.reference._arrays import definition, float64
from attnspec.reference._problem import Problem, reduced
from attnspec.reference.attention import weighted_sum
from attnspec.reference.heads import group_count, repeat_kv
from attnspec.reference.scores import default_scale, dot_product, softcap_slope
from attnspec.reference.softmax import logsumexp_with_sink, softmax_with_sink

EmptyRow = Literal["zero", "mean"]
"""The output of a query that sees no key: zero, or the mean of all values."""


class Gradients(NamedTuple):
    """The gradients of all operands; of bias and sink where they are given."""

    dq: Float64[np.ndarray, "B Hq L E"]
    dk: Float64[np.ndarray, "B Hkv S E"]
    dv: Float64[np.ndarray, "B Hkv S Ev"]
    dbias: Float64[np.ndarray, "..."] | None
    dsink: Float64[np.ndarray, "Hq"] | None


@definition
def attention_backward(  # noqa: PLR0913 - all that attention has, and what was saved
    d_output: Float[np.ndarray, "B Hq L Ev"],
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    output: Float[np.ndarray, "B Hq L Ev"],
    lse: Float[np.ndarray, "B Hq L"],
    /,
    *,
    d_lse: Float[np.ndarray, "B Hq L"] | None = None,
    kept: Float[np.ndarray, "..."] | None = None,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
    empty_row: EmptyRow = "zero",
) -> Gradients:
    r"""Differentiate attention by its operands, given its output and logsumexp.

    .. math::
        P_{ij} &= e^{s_{ij} - \operatorname{lse}_i}, \qquad
        \delta_i = \mathit{do}_i \cdot o_i - \mathit{dlse}_i \\
        \mathit{ds}_{ij} &= P_{ij}
            (Z_{ij} \, \mathit{do}_i \cdot v_j - \delta_i), \qquad
        \mathit{dx}_{ij} = \mathit{ds}_{ij} \operatorname{cap}'(x_{ij}) \\
        \mathit{dq}_i &= \mathit{scale} \sum_j \mathit{dx}_{ij} k_j, \qquad
        \mathit{dk}_j = \mathit{scale} \sum_i \mathit{dx}_{ij} q_i, \qquad
        \mathit{dv}_j = \sum_i Z_{ij} P_{ij} \, \mathit{do}_i \\
        \mathit{dsink} &= -\sum_i e^{\mathit{sink} - \operatorname{lse}_i} \delta_i

    Here x is the scaled product and s the score. The gradients of a key head add up
    those of its query heads, and that of a bias all ds along its broadcast axes.

    Parameters
    ----------
    d_output : (B, Hq, L, Ev) array
        The cotangent of the output.
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    output : (B, Hq, L, Ev) array
        What the forward pass returned, with dropout.
    lse : (B, Hq, L) array
        Natural logarithm; where a query sees no key and has no sink it may be
        anything.
    d_lse : (B, Hq, L) array, optional
        The cotangent of the logsumexp; 0 by default.
    kept : array, optional
        The multiplier Z of dropout, which broadcasts to (B, Hq, L, S): 0, or
        1 / (1 - p) where a weight is kept. 1 by default.
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`.
    empty_row : {"zero", "mean"}
        The output of a query that sees no key, as the forward pass has it. Of the
        mean each value has a share of 1 / S. With a sink it is zero in either case.

    Returns
    -------
    Gradients
        ``dq``, ``dk``, ``dv``, and ``dbias`` and ``dsink`` in the shapes of bias and
        sink, or None. What no query sees has a gradient of exactly 0.

    Raises
    ------
    InvalidArgument
        If the shapes do not fit together or an option is out of its domain.

    References
    ----------
    Dao et al., "FlashAttention", 2022, appendix B.2,
    :doi:`10.48550/arXiv.2205.14135`. That the cotangent of the logsumexp is
    subtracted from delta is in the backward pass of FlashAttention 4.

    Examples
    --------
    >>> import numpy as np
    >>> one, value = np.ones((1, 1, 1, 1)), np.array([[[[0.0], [8.0]]]])
    >>> key, output, lse = 0.0 * value, 4.0 * one, np.log([[[2.0]]])
    >>> found = attention_backward(one, one, key, value, output, lse)
    >>> found.dk.ravel().round(12), found.dv.ravel().round(12)
    (array([-2.,  2.]), array([0.5, 0.5]))

    Of one key alone the weight is 1, whatever its score is:

    >>> alone = key[:, :, :1], value[:, :, 1:], 8.0 * one, np.zeros((1, 1, 1))
    >>> attention_backward(one, one, *alone).dk.ravel()
    array([0.])
    """
    problem = reduced(
        query, key, value, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    keep = _multiplier(kept, problem)
    exponents = problem.scores - float64(lse)[..., None]
    weights = np.where(problem.visible, np.exp(exponents), 0.0)
    delta = _delta(d_output, output, d_lse)
    d_weights = keep * dot_product(d_output, problem.value)
    ds = np.where(problem.visible, weights * (d_weights - delta[..., None]), 0.0)
    slope = _score_slope(query, key, scale, softcap)
    dx = np.where(problem.visible, ds * slope, 0.0)
    reads, shares = _shares(problem, weights, keep, empty_row)
    groups = group_count(query.shape[1], key.shape[1])
    return Gradients(
        dq=weighted_sum(dx, repeat_kv(key, groups), problem.visible),
        dk=_by_key(dx, query, problem.visible, key),
        dv=_by_key(shares, d_output, reads, value),
        dbias=None if bias is None else _summed_to(ds, bias.shape),
        dsink=None if sink is None else _of_sink(problem.sink, lse, delta),
    )


@definition
def attention_vjp(  # noqa: PLR0913 - all that attention has, and cotangents
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    d_output: Float[np.ndarray, "B Hq L Ev"],
    /,
    *,
    d_lse: Float[np.ndarray, "B Hq L"] | None = None,
    kept: Float[np.ndarray, "..."] | None = None,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
    empty_row: EmptyRow = "zero",
) -> Gradients:
    r"""Pull the cotangents of output and logsumexp back to the operands.

    .. math::
        &\langle \mathit{dq}, \dot q \rangle + \langle \mathit{dk}, \dot k \rangle +
        \langle \mathit{dv}, \dot v \rangle +
        \langle \mathit{dbias}, \dot b \rangle +
        \langle \mathit{dsink}, \dot{\operatorname{sink}} \rangle \\
        &\quad = \langle \mathit{do}, \dot o \rangle +
        \langle \mathit{dlse}, \dot{\operatorname{lse}} \rangle

    for every direction of the inputs and the directional derivatives that it causes:
    the gradients of `attention_backward`, of the exact output and logsumexp.

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    d_output : (B, Hq, L, Ev) array
        The cotangent of the output.
    d_lse, kept, mask, bias, scale, causal, window, softcap, sink, alignment, empty_row
        As in `attention_backward`.

    Returns
    -------
    Gradients

    Raises
    ------
    InvalidArgument
        If the shapes do not fit together or an option is out of its domain.

    See Also
    --------
    attention_backward : The same from a given output and logsumexp.
    attnspec.reference.influence.attention_jacobian : All derivatives of one head.

    References
    ----------
    Dao et al., "FlashAttention", 2022, appendix B.2,
    :doi:`10.48550/arXiv.2205.14135`.

    Examples
    --------
    >>> import numpy as np
    >>> one, value = np.ones((1, 1, 1, 1)), np.array([[[[0.0], [8.0]]]])
    >>> attention_vjp(one, 0.0 * value, value, one).dk.ravel().round(12)
    array([-2.,  2.])

    A query that sees no key has no gradient, and gives none:

    >>> mask = np.zeros((1, 2), dtype=bool)
    >>> attention_vjp(one, value, value, one, mask=mask).dv.ravel()
    array([0., 0.])
    >>> attention_vjp(one, value, value, one, mask=mask, empty_row="mean").dv.ravel()
    array([0.5, 0.5])
    """
    problem = reduced(
        query, key, value, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    weights = softmax_with_sink(problem.scores, problem.visible, problem.sink)
    reads, shares = _shares(problem, weights, _multiplier(kept, problem), empty_row)
    return attention_backward(
        *(d_output, query, key, value),
        weighted_sum(shares, problem.value, reads),
        logsumexp_with_sink(problem.scores, problem.visible, problem.sink),
        d_lse=d_lse,
        kept=kept,
        mask=mask,
        bias=bias,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
        empty_row=empty_row,
    )


def _multiplier(
    kept: Float[np.ndarray, "..."] | None, problem: Problem
) -> float | Float64[np.ndarray, "..."]:
    """Give what dropout multiplies each weight by."""
    check_broadcast("kept", kept, problem.scores.shape)
    return 1.0 if kept is None else float64(kept)


def _delta(
    d_output: Float[np.ndarray, "B Hq L Ev"],
    output: Float[np.ndarray, "B Hq L Ev"],
    d_lse: Float[np.ndarray, "B Hq L"] | None,
) -> Float64[np.ndarray, "B Hq L"]:
    """Give the mean, by the weights, of what is asked of each of them."""
    products = np.sum(float64(d_output) * float64(output), axis=-1)
    return products if d_lse is None else products - float64(d_lse)


def _shares(
    problem: Problem,
    weights: Float64[np.ndarray, "B Hq L S"],
    keep: float | Float64[np.ndarray, "..."],
    empty_row: EmptyRow,
) -> tuple[Bool[np.ndarray, "B Hq L S"], Float64[np.ndarray, "B Hq L S"]]:
    """Give which values each output is made of, and its derivative by each of them."""
    if empty_row == "zero":
        return problem.visible, keep * weights
    empty = ~problem.visible.any(axis=-1) & np.isneginf(problem.sink)
    mean = np.broadcast_to(empty[..., None], weights.shape)
    share = 1.0 / max(1, weights.shape[-1])
    return problem.visible | mean, keep * np.where(mean, share, weights)


def _score_slope(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    scale: float | None,
    softcap: float | None,
) -> float | Float64[np.ndarray, "B Hq L S"]:
    """Give the derivative of each score by its dot product."""
    factor = default_scale(query.shape[-1]) if scale is None else scale
    if softcap is None:
        return factor
    products = dot_product(
        query, repeat_kv(key, group_count(query.shape[1], key.shape[1]))
    )
    return factor * softcap_slope(factor * products, softcap)


def _by_key(
    factors: Float64[np.ndarray, "B Hq L S"],
    rows: Float[np.ndarray, "B Hq L E"],
    reads: Bool[np.ndarray, "B Hq L S"],
    operand: Float[np.ndarray, "B Hkv S E"],
) -> Float64[np.ndarray, "B Hkv S E"]:
    """Sum for each key what its queries ask of it, in all heads that share it."""
    turned = weighted_sum(factors.swapaxes(2, 3), rows, reads.swapaxes(2, 3))
    batch, heads, keys, width = operand.shape
    groups = group_count(rows.shape[1], heads)
    return turned.reshape(batch, heads, groups, keys, width).sum(axis=2)


def _summed_to(
    ds: Float64[np.ndarray, "B Hq L S"], shape: tuple[int, ...]
) -> Float64[np.ndarray, "..."]:
    """Sum along the axes along which a shape was broadcast."""
    whole = (1,) * (ds.ndim - len(shape)) + shape
    axes = tuple(
        i for i, (n, m) in enumerate(zip(whole, ds.shape, strict=True)) if n != m
    )
    return ds.sum(axis=axes, keepdims=True).reshape(shape)


def _of_sink(
    sink: Float64[np.ndarray, "Hq 1"],
    lse: Float[np.ndarray, "B Hq L"],
    delta: Float64[np.ndarray, "B Hq L"],
) -> Float64[np.ndarray, "Hq"]:
    """Sum over all rows what the share of the sink takes from them."""
    shares = np.where(np.isneginf(sink), 0.0, np.exp(sink - float64(lse)))
    return -np.sum(shares * delta, axis=(0, 2))


__all__ = ["EmptyRow", "Gradients", "attention_backward", "attention_vjp"]
