"""Wrong projections onto the simplex, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import before, faced, nan_control
from attnspec.rogues.normalizers._shared_mistakes import shared_mistakes


def _every_sum(rows: Array, seen: Array) -> Array:
    """Take the sum of all cumulative sums of the support for the last of them."""
    below = right.below_peak(rows, seen)
    ordered = np.sort(below, -1)[..., ::-1]
    places = np.arange(1, below.shape[-1] + 1).astype(below.dtype)
    sums = np.cumsum(ordered, -1)
    kept = 1 + places * ordered > sums
    count = np.maximum(kept.sum(-1, keepdims=True), 1)
    total = np.where(kept, sums, 0).sum(-1, keepdims=True)
    return np.where(seen, np.maximum(below - (total - 1) / count, 0), 0)


def _uncut(rows: Array, seen: Array) -> Array:
    """Leave negative differences as they are."""
    below = right.below_peak(rows, seen)
    return np.where(seen, below - right.mean_threshold(below), 0)


def _threshold_not_below_zero(rows: Array, seen: Array) -> Array:
    """Search the threshold among positive numbers alone."""
    below = right.below_peak(rows, seen)
    shown = np.where(seen, rows, -np.inf)
    peak = np.where(seen.any(-1), shown.max(-1, initial=-np.inf), 0)[..., None]
    threshold = np.maximum(right.mean_threshold(below) + peak, 0)
    return np.where(seen, np.maximum(rows - threshold, 0), 0)


_rogue, _control = makers("sparsemax", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "every-sum",
        "The threshold comes from all partial sums.",
        faced(_every_sum),
        "sum",
        mimics="keras#23425",
    ),
    _rogue("uncut", "Negative differences are left.", faced(_uncut), "convex"),
    _rogue(
        "threshold-above-zero",
        "The threshold is never negative.",
        faced(_threshold_not_below_zero),
        "shift",
    ),
    _rogue(
        "halved",
        "The scores are halved first.",
        faced(before(right.sparsemax, lambda rows, _: rows / 2)),
        "differences",
    ),
    _rogue(
        "softmax-inside",
        "Those with weight share it by a softmax.",
        faced(lambda x, seen: right.softmax(x, seen & (right.sparsemax(x, seen) > 0))),
        "idempotence",
    ),
    *shared_mistakes("sparsemax"),
)
"""Wrong ways to project onto the simplex."""


def _unshifted(rows: Array, seen: Array) -> Array:
    """Sort the scores as they are, without subtracting their peak."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    return np.where(seen, np.maximum(shown - right.mean_threshold(shown), 0), 0)


def _active_set(rows: Array, seen: Array) -> Array:
    """Project onto the plane, drop what is negative, and again (Michelot)."""
    below, kept = right.below_peak(rows, seen), seen.copy()
    for _ in range(rows.shape[-1]):
        shown = np.where(kept, below, 0)
        count = np.maximum(kept.sum(-1, keepdims=True), 1).astype(rows.dtype)
        threshold = (shown.sum(-1, keepdims=True) - 1) / count
        kept &= below > threshold
    return np.where(kept, np.maximum(below - threshold, 0), 0)


CONTROLS: tuple[Control, ...] = (
    nan_control("sparsemax"),
    _control("bisected", "Bisects.", faced(right.bisected(1))),
    _control("active-set", "Drops the negative.", faced(_active_set)),
    _control("unshifted", "Subtracts no peak.", faced(_unshifted)),
)
"""Unusual and right ways to project onto the simplex."""

__all__ = ["CONTROLS", "ROGUES"]
