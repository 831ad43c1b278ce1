"""Rogues that mistake masks and biases: broadcasting, merging, polarity, kind."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL


def _mask_as_number(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.mask is None:
        return call
    bias = call.mask.astype(np.float32)
    if call.bias is not None:
        bias = bias + call.bias.astype(np.float32)
    return call.replace(mask=None, bias=bias)


def _bias_as_mask(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.bias is None:
        return call
    shows = call.bias >= 0
    mask = shows if call.mask is None else call.mask & shows
    return call.replace(bias=None, mask=mask)


def _mask_as_length(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.mask is None:
        return call
    count = call.mask.sum(-1, keepdims=True)
    return call.replace(mask=np.arange(call.mask.shape[-1]) < count)


def _rank_three_by_batch(array: Array, call: AttentionCase) -> Array:
    if array.ndim == 3 and array.shape[0] == call.sizes.B:
        return KERNEL.spread(array[:, None], call)
    return KERNEL.spread(array, call)


def _first_batch(array: Array, call: AttentionCase) -> Array:
    one_head = array.ndim == 4 and array.shape[1] == 1 and call.sizes.Hq > 1
    return KERNEL.spread(array[:1] if one_head else array, call)


def _first_row_only(array: Array, call: AttentionCase) -> Array:
    table = KERNEL.spread(array, call)
    if array.ndim < 3 or array.shape[-2] > 1 or call.sizes.L < 2:
        return table
    neutral = np.ones((), array.dtype) if array.dtype == np.bool_ else 0
    first = np.arange(call.sizes.L)[:, None] == 0
    return np.where(first, table, neutral).astype(array.dtype)


def _along_queries(array: Array, call: AttentionCase) -> Array:
    if array.ndim == 4 and array.shape[2] == 1 and call.sizes.L == call.sizes.S:
        return KERNEL.spread(array.swapaxes(2, 3), call)
    return KERNEL.spread(array, call)


def _head_offset(array: Array, call: AttentionCase) -> Array:
    if array.ndim == 4 and array.shape[1] > 1:
        array = np.roll(array, 1, axis=1)
    return KERNEL.spread(array, call)


def _union(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.mask is None or not call.causal:
        return call
    i = KERNEL.positions(call)[..., None]
    seen = call.mask | (np.arange(call.sizes.S) <= i)
    return call.replace(mask=seen, causal=False)


def _zero_times_infinity(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.mask is None or not call.causal:
        return call
    with np.errstate(invalid="ignore"):
        bias = (1 - call.mask.astype(np.float32)) * -np.inf
    return call.replace(mask=None, bias=bias)


def _minus_hundred(scores: Array, visible: Array) -> Array:
    return np.where(visible, scores, np.maximum(-100, scores - np.inf)).astype(
        scores.dtype
    )


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "mask-polarity",
        "mask",
        "True hides.",
        KERNEL.replace(
            prepare=lambda c, _: c if c.mask is None else c.replace(mask=~c.mask)
        ),
        caught_by="mask-forms",
        mimics="x-transformers#160",
    ),
    rogue(
        "mask-as-number",
        "mask",
        "The mask is added to the scores as 0 and 1.",
        KERNEL.replace(prepare=_mask_as_number),
        caught_by="masked-keys-inert",
        mimics="llama.cpp-omni#89",
    ),
    rogue(
        "bias-as-mask",
        "mask",
        "The bias is reduced to which of its entries are not negative.",
        KERNEL.replace(prepare=_bias_as_mask),
        caught_by="options-honored",
        mimics="pytorch#107084",
    ),
    rogue(
        "mask-as-length",
        "mask",
        "The mask is reduced to its number of True, counted from the first key.",
        KERNEL.replace(prepare=_mask_as_length),
        caught_by="mask-forms",
        mimics="onnxruntime#27885",
    ),
    rogue(
        "rank-three-by-batch",
        "mask",
        "A mask (Hq, L, S) is read as (B, L, S) when B equals Hq.",
        KERNEL.replace(spread=_rank_three_by_batch),
        caught_by="mask-broadcast",
        mimics="onnx#8108",
    ),
    rogue(
        "mask-of-first-batch",
        "mask",
        "A mask (B, 1, L, S) serves with its first batch element for all.",
        KERNEL.replace(spread=_first_batch),
        caught_by="mask-broadcast",
        mimics="pytorch#184180",
    ),
    rogue(
        "mask-of-first-row",
        "mask",
        "A mask with one row masks the first query alone.",
        KERNEL.replace(spread=_first_row_only),
        caught_by="mask-broadcast",
        mimics="openvino#30758",
    ),
    rogue(
        "padding-along-queries",
        "mask",
        "A padding mask hides queries where L equals S.",
        KERNEL.replace(spread=_along_queries),
        caught_by="mask-broadcast",
        mimics="hyunwoongko/transformer#40",
    ),
    rogue(
        "mask-of-next-head",
        "mask",
        "Each head has its neighbor's mask and bias.",
        KERNEL.replace(spread=_head_offset),
        caught_by="mask-composition",
        mimics="xformers#952",
    ),
    rogue(
        "mask-or-causal",
        "mask",
        "Mask and causal flag show what one of them shows.",
        KERNEL.replace(prepare=_union),
        caught_by="mask-composition",
        mimics="pytorch#63271",
    ),
    rogue(
        "zero-times-infinity",
        "mask",
        "With the causal flag the mask becomes (1 - mask) * -inf.",
        KERNEL.replace(prepare=_zero_times_infinity),
        caught_by="mask-composition",
        mimics="onnx#8068",
    ),
    rogue(
        "minus-ten-thousand-added",
        "precision",
        "Hidden keys lose 10,000 from their score.",
        KERNEL.replace(
            hide=lambda x, seen: np.where(seen, x, x - 10_000).astype(x.dtype)
        ),
        caught_by="masked-keys-inert",
        mimics="onnxruntime#8549",
    ),
    rogue(
        "hidden-scores-minus-hundred",
        "precision",
        "Hidden keys have a score of -100.",
        KERNEL.replace(hide=_minus_hundred),
        caught_by="masked-keys-inert",
        mimics="onnxruntime#14363",
    ),
)
"""The rogues of masks and biases."""


__all__ = ["ROGUES"]
