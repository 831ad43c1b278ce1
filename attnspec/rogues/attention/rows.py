"""Rogues that mistake a row as a whole: sink, logsumexp, NaN, the result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.conformance import Verdict
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Rows
from attnspec.rogues.attention._steps import centered, finished


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


def _with_sink(change: Callable[[Array], Array | None]) -> object:
    """Return a start from another sink than the given one, where one is given."""

    def start(call: AttentionCase) -> Rows:
        sink = None if call.sink is None else change(call.sink)
        return KERNEL.start(call.replace(sink=sink))

    return start


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


def _raising(scores: Array, call: AttentionCase) -> Array:
    if call.softcap is not None and call.bias is not None:
        msg = "softcap with a bias"
        raise NotImplementedError(msg)
    return KERNEL.cap(scores, call)


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "sink-as-number",
        "sink",
        "The sink itself, not its exponential, joins the denominator.",
        KERNEL.replace(start=_with_sink(lambda _: None), finish=_sink_as_number),
        caught_by="sink-mass",
        mimics="flash-attention@e81c237e",
    ),
    rogue(
        "sink-not-in-peak",
        "sink",
        "The maximum knows nothing of the sink: empty rows and large sinks break.",
        KERNEL.replace(start=_with_sink(lambda _: None), finish=_sink_late),
        caught_by="empty-rows",
        mimics="flash-attention#2752",
    ),
    rogue(
        "sink-off-is-zero",
        "sink",
        "A sink of minus infinity is taken for one of zero.",
        KERNEL.replace(
            start=_with_sink(lambda x: np.where(np.isneginf(x), 0, x).astype(x.dtype))
        ),
        caught_by="sink-off",
    ),
    rogue(
        "sink-of-first-head",
        "sink",
        "All heads have the first head's sink.",
        KERNEL.replace(start=_with_sink(lambda sink: sink[:1].repeat(len(sink)))),
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
        finished(lse=lambda lse: lse * np.float32(np.log2(np.e))),
        caught_by="lse-partition",
        mimics="vllm#28840",
    ),
    rogue(
        "lse-without-peak",
        "lse",
        "The maximum is not added back to the logsumexp.",
        KERNEL.replace(
            finish=lambda r, c: (KERNEL.finish(r, c)[0], np.log(r.total)[..., 0])
        ),
        caught_by="score-shift",
        mimics="flashinfer#58",
    ),
    rogue(
        "lse-axes-swapped",
        "lse",
        "The logsumexp lies in memory as (B, L, Hq).",
        finished(lse=lambda lse: lse.swapaxes(1, 2).reshape(lse.shape)),
        caught_by="lse-agreement",
        mimics="vllm-flash-attention#159",
    ),
    rogue(
        "lse-shape-swapped",
        "call",
        "The logsumexp has the shape (B, L, Hq).",
        finished(lse=lambda lse: np.ascontiguousarray(lse.swapaxes(1, 2))),
        caught_by="result-form",
        mimics="vllm#21996",
    ),
    rogue(
        "lse-zero-when-empty",
        "lse",
        "The logsumexp of a row without keys is zero.",
        finished(lse=lambda lse: np.where(np.isneginf(lse), 0, lse)),
        caught_by="lse-with-options",
        mimics="flashinfer#440",
    ),
    rogue(
        "lse-of-centered-keys",
        "lse",
        "Keys are centered, and the logsumexp is that of centered keys.",
        KERNEL.replace(stage=centered),
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
        KERNEL.replace(shown=lambda value, _: value),
        caught_by="nan-masked-values",
        mimics="flash-attention#1745",
        dialect={"nan_masked_value": "clean"},
    ),
    rogue(
        "hidden-nan-in-scores",
        "hidden-nan",
        "Minus infinity is added to a hidden score of NaN.",
        KERNEL.replace(
            hide=lambda x, seen: x + np.where(seen, 0, -np.inf).astype(x.dtype)
        ),
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
        KERNEL.replace(answer=lambda output, lse, _: (output.astype(np.float32), lse)),
        caught_by="result-form",
        dtypes=("bfloat16",),
    ),
)
"""The rogues of rows: sink, logsumexp, NaN, the result."""


__all__ = ["ROGUES"]
