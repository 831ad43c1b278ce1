"""Rogues that mistake a row as a whole: sink, logsumexp, NaN, the result."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.conformance import Verdict
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables


def _sink_as_number(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Add the sink itself to the sum."""
    if call.sink is not None:
        sink = np.where(np.isneginf(call.sink), 0, call.sink)[None, :, None, None]
        rows = rows._replace(total=rows.total + sink)
    return KERNEL.finish(rows, call)


def _sink_late(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Add exp(sink - peak), with a peak that knows nothing of the sink."""
    if call.sink is not None:
        sink = call.sink[None, :, None, None].astype(rows.peak.dtype)
        rows = rows._replace(total=rows.total + np.exp(sink - rows.peak))
    return KERNEL.finish(rows, call)


def _no_sink_yet(call: AttentionCase) -> Rows:
    return KERNEL.start(call.replace(sink=None))


def _sink_or_zero(call: AttentionCase) -> Rows:
    """Take a sink of minus infinity for one of zero."""
    if call.sink is None:
        return KERNEL.start(call)
    sink = np.where(np.isneginf(call.sink), 0, call.sink).astype(call.sink.dtype)
    return KERNEL.start(call.replace(sink=sink))


def _sink_of_first_head(call: AttentionCase) -> Rows:
    if call.sink is None:
        return KERNEL.start(call)
    return KERNEL.start(call.replace(sink=np.repeat(call.sink[:1], call.sizes.Hq)))


def _sink_as_value(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Divide by the sum without the sink: it is in the logsumexp alone."""
    output, lse = KERNEL.finish(rows, call)
    if call.sink is None:
        return output, lse
    share = np.exp(call.sink[None, :, None] - lse)[..., None]
    return np.where(share < 1, output / (1 - share), output), lse


def _short_lse(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
    """Forget the score of a key that is alone."""
    alone = KERNEL.visible(call).sum(-1) == 1
    return output.astype(call.query.dtype), np.where(alone, 0, lse).astype(lse.dtype)


def _base_two(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    output, lse = KERNEL.finish(rows, call)
    return output, lse * np.float32(np.log2(np.e))


def _without_peak(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    output, _ = KERNEL.finish(rows, call)
    return output, np.log(rows.total)[..., 0]


def _swapped_axes(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    output, lse = KERNEL.answer(output, lse, call)
    return output, np.ascontiguousarray(lse.swapaxes(1, 2)).reshape(lse.shape)


def _swapped_shape(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    output, lse = KERNEL.answer(output, lse, call)
    return output, np.ascontiguousarray(lse.swapaxes(1, 2))


def _zero_when_empty(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    output, lse = KERNEL.finish(rows, call)
    return output, np.where(np.isneginf(lse), 0, lse)


def _centered(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Subtract the mean of the keys, and forget it in the logsumexp."""
    seen = np.any(tables.visible & ~np.isneginf(tables.addend), axis=2)[..., None]
    key = np.where(seen, tables.key, 0)
    count = np.maximum(1, seen.sum(2, keepdims=True)).astype(key.dtype)
    return tables._replace(key=tables.key - key.sum(2, keepdims=True) / count)


def _all_values(value: Array, scores: Array) -> Array:  # noqa: ARG001 - a step's form
    return value


def _added_infinity(scores: Array, visible: Array) -> Array:
    return scores + np.where(visible, 0, -np.inf).astype(scores.dtype)


def _raising(scores: Array, call: AttentionCase) -> Array:
    if call.softcap is not None and call.bias is not None:
        msg = "softcap with a bias"
        raise NotImplementedError(msg)
    return KERNEL.cap(scores, call)


def _wide_output(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
    return output.astype(np.float32), KERNEL.answer(output, lse, call)[1]


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "sink-as-number",
        "sink",
        "The sink itself, not its exponential, joins the denominator.",
        KERNEL.replace(start=_no_sink_yet, finish=_sink_as_number),
        caught_by="sink-mass",
        mimics="flash-attention@e81c237e",
    ),
    rogue(
        "sink-not-in-peak",
        "sink",
        "The maximum knows nothing of the sink: empty rows and large sinks break.",
        KERNEL.replace(start=_no_sink_yet, finish=_sink_late),
        caught_by="empty-rows",
        mimics="flash-attention#2752",
    ),
    rogue(
        "sink-off-is-zero",
        "sink",
        "A sink of minus infinity is taken for one of zero.",
        KERNEL.replace(start=_sink_or_zero),
        caught_by="sink-off",
    ),
    rogue(
        "sink-of-first-head",
        "sink",
        "All heads have the first head's sink.",
        KERNEL.replace(start=_sink_of_first_head),
        caught_by="sink-mass",
    ),
    rogue(
        "sink-in-lse-alone",
        "sink",
        "The sink joins the logsumexp, and not the denominator.",
        KERNEL.replace(finish=_sink_as_value),
        caught_by="sink-mass",
        mimics="TransformerEngine#2541",
    ),
    rogue(
        "lse-of-base-two",
        "lse",
        "The logsumexp is a logarithm of base two.",
        KERNEL.replace(finish=_base_two),
        caught_by="lse-partition",
        mimics="vllm#28840",
    ),
    rogue(
        "lse-without-peak",
        "lse",
        "The maximum is not added back to the logsumexp.",
        KERNEL.replace(finish=_without_peak),
        caught_by="score-shift",
        mimics="flashinfer#58",
    ),
    rogue(
        "lse-axes-swapped",
        "lse",
        "The logsumexp lies in memory as (B, L, Hq).",
        KERNEL.replace(answer=_swapped_axes),
        caught_by="lse-agreement",
        mimics="vllm-flash-attention#159",
    ),
    rogue(
        "lse-shape-swapped",
        "call",
        "The logsumexp has the shape (B, L, Hq).",
        KERNEL.replace(answer=_swapped_shape),
        caught_by="result-form",
        mimics="vllm#21996",
    ),
    rogue(
        "lse-zero-when-empty",
        "lse",
        "The logsumexp of a row without keys is zero.",
        KERNEL.replace(finish=_zero_when_empty),
        caught_by="lse-with-options",
        mimics="flashinfer#440",
    ),
    rogue(
        "lse-of-centered-keys",
        "lse",
        "Keys are centered, and the logsumexp is that of centered keys.",
        KERNEL.replace(stage=_centered),
        caught_by="split-merge",
        mimics="aiter#3334",
    ),
    rogue(
        "lse-of-one-key",
        "lse",
        "A row that sees one key takes a short way and says that its logsumexp is 0.",
        KERNEL.replace(answer=_short_lse),
        caught_by="split-associative",
    ),
    rogue(
        "hidden-nan-in-values",
        "hidden-nan",
        "A hidden value of NaN is multiplied by a weight of zero.",
        KERNEL.replace(shown=_all_values),
        caught_by="nan-masked-values",
        mimics="flash-attention#1745",
        dialect={"nan_masked_value": "clean"},
    ),
    rogue(
        "hidden-nan-in-scores",
        "hidden-nan",
        "Minus infinity is added to a hidden score of NaN.",
        KERNEL.replace(hide=_added_infinity),
        caught_by="nan-masked-keys",
        mimics="pytorch#101967",
        dialect={"nan_masked_key": "clean"},
    ),
    rogue(
        "claimed-and-refused",
        "call",
        "Softcap and bias are claimed, and raise together.",
        KERNEL.replace(cap=_raising),
        caught_by="options-honored",
        verdict=Verdict.REFUSED,
    ),
    rogue(
        "output-in-float32",
        "call",
        "The output is float32 whatever the query is.",
        KERNEL.replace(answer=_wide_output),
        caught_by="result-form",
        dtypes=("bfloat16",),
    ),
)
"""The rogues of rows: sink, logsumexp, NaN, the result."""


__all__ = ["ROGUES"]
