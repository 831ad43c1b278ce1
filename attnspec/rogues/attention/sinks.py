"""Rogues that mistake sinks far below and far above the scores."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues._shift import shift_of
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows
from attnspec.rogues.attention._usual import usually


def _sink(call: AttentionCase) -> Array:
    """Return the sink of each row, shape (Hq, 1, 1)."""
    return np.asarray(call.sink, np.float32)[:, None, None]


def _without_sink(call: AttentionCase) -> Rows:
    return KERNEL.start(call.replace(sink=None))


def _from_placeholder(call: AttentionCase) -> Rows:
    """Begin with a placeholder for the peak that is no score."""
    rows = _without_sink(call)
    if call.sink is None:
        return rows
    return rows._replace(peak=np.full_like(rows.peak, -1e5))


class _SinkOfFirstTile(Kernel):
    """Adds the sink to the first tile, whatever its rows see of it."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        first = not rows.total.any() and rows.peak.max(initial=-1e5) <= -1e5
        rows = super().absorb(rows, scores, value, call)
        if call.sink is None or not first:
            return rows
        sink = np.exp(_sink(call) - rows.peak).astype(rows.total.dtype)
        return rows._replace(total=rows.total + sink)


def _underflowing(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Weigh the sink against a peak of zero in rows without keys."""
    output, lse = KERNEL.finish(rows, call)
    if call.sink is None:
        return output, lse
    keyless = ~KERNEL.visible(call).any(-1)
    gone = keyless & np.isfinite(_sink(call)[..., 0])
    gone = gone & (np.exp(_sink(call)[..., 0]) == 0)
    output = np.where(gone[..., None], np.nan, output)
    return output, np.where(gone, -np.inf, lse)


def _overflowing(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Weigh the sink against the peak of the keys alone."""
    if call.sink is not None:
        peak = shift_of(rows.peak)
        total = rows.total + np.exp(_sink(call) - peak).astype(peak.dtype)
        rows = rows._replace(peak=peak, total=total)
    return KERNEL.finish(rows, call)


def _clamped(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Let the keys keep a share of exp(-20) beside any sink."""
    output, lse = KERNEL.finish(rows, call)
    if call.sink is None:
        return output, lse
    both = np.logaddexp(lse, _sink(call)[..., 0]).astype(lse.dtype)
    share = np.exp(np.clip(lse - both, -20, 0))
    keyless = np.isneginf(lse)
    return np.where(keyless, 0, share)[..., None] * output, both


_far = usually("sink", "sink-range")


ROGUES: tuple[Rogue, ...] = (
    _far(
        "sink-underflows",
        "In a row without keys a sink below -104 makes the output NaN.",
        KERNEL.replace(finish=_underflowing),
        "cudnn-frontend#1095",
    ),
    _far(
        "sink-over-placeholder",
        "A row that sees nothing of the first tile weighs the sink against -1e5.",
        _SinkOfFirstTile(start=_from_placeholder),
        "TensorRT-LLM#19220",
    ),
    _far(
        "sink-overflows",
        "A sink far above the scores overflows: it is weighed against the keys' peak.",
        KERNEL.replace(start=_without_sink, finish=_overflowing),
        "fla#831",
    ),
    _far(
        "sink-share-clamped",
        "Keys keep a share of exp(-20), however far above them the sink lies.",
        KERNEL.replace(start=_without_sink, finish=_clamped),
        "torchtitan#2211",
    ),
)
"""The rogues of sinks far away."""

__all__ = ["ROGUES"]
