"""Rogues that mistake the running softmax, merging, and rows without keys."""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows
from attnspec.rogues.attention._split import Split
from attnspec.rogues.attention._steps import divided, finite_fill


@dataclasses.dataclass(frozen=True)
class _Unfaded(Kernel):
    """Forgets to fade a part of the rows when the peak rises."""

    part: str = "total"

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        after = super().absorb(rows, scores, value, call)
        before = getattr(rows, self.part)
        bare = rows._replace(**{self.part: np.zeros_like(before)})
        fresh = super().absorb(bare, scores, value, call)
        return after._replace(**{self.part: before + getattr(fresh, self.part)})


class _Subtracted(Kernel):
    """Subtracts a peak of minus infinity from scores of minus infinity."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        peak = self.peak(rows.peak, scores)
        fade = np.where(np.isneginf(rows.peak), 0, self.exp(rows.peak - peak))
        weights = self.exp(scores - peak)
        total = rows.total * fade + weights.sum(-1, keepdims=True)
        mixed = self.narrow(weights, call) @ self.shown(value, scores)
        return Rows(peak, total, rows.accumulator * fade + mixed)


def _shared_peak(axis: int) -> object:
    """Return a peak that a whole axis shares."""

    def peak(before: Array, scores: Array) -> Array:
        best = KERNEL.peak(before, scores).max(axis, keepdims=True)
        return np.broadcast_to(best, before.shape)

    return peak


def _nan_when_late(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Answer 0 or NaN for an empty row, by what emptied it."""
    finish = divided() if call.mask is None else KERNEL.finish
    return finish(rows, call)


def _nan_without_keys(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    output, lse = KERNEL.finish(rows, call)
    return (np.full_like(output, np.nan), lse) if call.sizes.S == 0 else (output, lse)


def _ones_when_empty(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Guard the division by adding to the sum, and the accumulator with it."""
    output, lse = KERNEL.finish(rows, call)
    return np.where(rows.total == 0, 1, output), lse


class _SplitOfNothing(Split):
    """Merges parts without asking whether any of them saw a key."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        peak = np.maximum.reduce([part.peak for part in rows])
        shares = [np.exp(part.peak - peak) for part in rows]
        whole = super().merged(rows, call)
        return whole._replace(total=whole.total + 0 * sum(shares))


class _SplitUnweighted(Split):
    """Merges parts by their sums, whatever their peaks are."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        whole = super().merged(rows, call)
        mixed = np.sum([part.accumulator for part in rows], axis=0)
        total = np.sum([part.total for part in rows], axis=0)
        mean = np.where(total == 0, 0, mixed / total)
        return whole._replace(accumulator=mean * whole.total)


class _SplitTwiceSunk(Split):
    """Lets every part count the sink."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        return super().merged([*rows, *rows[self.parts :]], call)


RUNNING_ROGUES: tuple[Rogue, ...] = (
    rogue(
        "accumulator-not-faded",
        "online-softmax",
        "The accumulator keeps its scale when the peak rises.",
        _Unfaded(part="accumulator"),
        caught_by="agreement",
    ),
    rogue(
        "sum-not-faded",
        "online-softmax",
        "The sum keeps its scale when the peak rises.",
        _Unfaded(),
        caught_by="row-sums",
    ),
    rogue(
        "no-peak",
        "online-softmax",
        "No maximum is subtracted.",
        KERNEL.replace(peak=lambda peak, _: np.zeros_like(peak)),
        caught_by="agreement",
        mimics="pytorch#121558",
    ),
    rogue(
        "peak-of-first-tile",
        "online-softmax",
        "The maximum of the first tile serves for all.",
        KERNEL.replace(
            peak=lambda p, s: np.where(np.isneginf(p), KERNEL.peak(p, s), p)
        ),
        caught_by="exact-gather",
        mimics="flash-attention#2717",
    ),
    rogue(
        "peak-of-batch",
        "batch",
        "The batch shares one maximum, and with it a NaN.",
        KERNEL.replace(peak=_shared_peak(0)),
        caught_by="batch-independence",
        mimics="flashinfer#942",
    ),
    rogue(
        "peak-of-heads",
        "batch",
        "All heads share one maximum, and with it a NaN.",
        KERNEL.replace(peak=_shared_peak(1)),
        caught_by="head-independence",
    ),
    rogue(
        "exp-never-zero",
        "precision",
        "The exponential is never less than exp(-20).",
        KERNEL.replace(
            exp=lambda x: np.exp(np.maximum(x, -20)).astype(x.dtype),
            shown=lambda value, _: value,
        ),
        caught_by="masked-keys-inert",
        mimics="torch-spyre#4517",
    ),
    rogue(
        "merge-of-nothing",
        "lse",
        "Merging parts that saw no key gives NaN.",
        _SplitOfNothing(3),
        caught_by="empty-rows",
        mimics="flash-attention@26d7d92f",
    ),
    rogue(
        "merge-unweighted",
        "lse",
        "Parts are merged without regard to their maxima.",
        _SplitUnweighted(3),
        caught_by="agreement",
        mimics="sglang#33064",
    ),
    rogue(
        "sink-in-every-part",
        "sink",
        "The sink joins the denominator twice when keys are split.",
        _SplitTwiceSunk(3),
        caught_by="sink-mass",
        mimics="rocm-libraries#12227",
    ),
)
"""The rogues of the running softmax."""

EMPTY_ROGUES: tuple[Rogue, ...] = (
    rogue(
        "infinity-less-itself",
        "empty-row",
        "A tile without a visible key gives NaN, which stays.",
        _Subtracted(),
        caught_by="agreement",
        mimics="llama.cpp#6438",
    ),
    rogue(
        "zero-over-zero",
        "empty-row",
        "A query that sees no key answers NaN, though zero is declared.",
        KERNEL.replace(finish=divided()),
        caught_by="empty-rows",
        mimics="pytorch#103749",
    ),
    rogue(
        "empty-row-by-least-score",
        "empty-row",
        "A query that sees no key answers the mean, though zero is declared.",
        KERNEL.replace(hide=finite_fill),
        caught_by="empty-rows",
        mimics="mlx#2608",
    ),
    rogue(
        "empty-row-by-cause",
        "empty-row",
        "An empty row is zero by the mask, and NaN by the causal flag.",
        KERNEL.replace(finish=_nan_when_late),
        caught_by="dialect-consistent",
        mimics="pytorch#160064",
    ),
    rogue(
        "empty-row-of-ones",
        "empty-row",
        "A query that sees no key answers one.",
        KERNEL.replace(finish=_ones_when_empty),
        caught_by="empty-rows",
        mimics="onnxruntime#28958",
    ),
    rogue(
        "no-keys-no-number",
        "empty-row",
        "Without any key the answer is NaN, though zero is declared.",
        KERNEL.replace(finish=_nan_without_keys),
        caught_by="empty-sequences",
        mimics="flashinfer#868",
    ),
)
"""The rogues of empty rows."""


ROGUES = RUNNING_ROGUES + EMPTY_ROGUES
"""All rogues of this module."""


__all__ = ["ROGUES"]
