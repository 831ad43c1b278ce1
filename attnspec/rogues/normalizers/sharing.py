"""Normalizers that share a weight of one, with mistakes of their own."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue
from attnspec.rogues.normalizers import _normalizers as right
from attnspec.rogues.normalizers._normalizers import (
    Faced,
    before,
    core_rogue,
    faced_rogue,
    run,
)


def _nearly(rows: Array, seen: Array) -> Array:
    """Add a small number to the denominator."""
    exponentials = np.exp(right.below_peak(rows, seen))
    return np.asarray(exponentials / (exponentials.sum(-1, keepdims=True) + 1e-3))


def _coarse(rows: Array, seen: Array) -> Array:
    """Keep eight bits of the sum."""
    exponentials = np.exp(right.below_peak(rows, seen))
    bits = exponentials.sum(-1, keepdims=True).astype(np.float32).view(np.uint32)
    total = (bits & np.uint32(0xFFFF0000)).view(np.float32)
    return np.asarray(exponentials / np.where(total > 0, total, 1))


def _bare_exponentials(rows: Array, seen: Array) -> Array:
    """Exponentiate without subtracting the peak."""
    exponentials = np.where(seen, np.exp(rows), 0)
    total = exponentials.sum(-1, keepdims=True)
    return np.asarray(exponentials / np.where(total == 0, 1, total))


def _one_peak(rows: Array, seen: Array) -> Array:
    """Subtract one peak from all rows."""
    peak = np.max(np.where(seen, rows, -np.inf), initial=-1e4)
    exponentials = np.where(seen, np.exp(rows - peak.astype(rows.dtype)), 0)
    total = exponentials.sum(-1, keepdims=True)
    return np.asarray(exponentials / np.where(total == 0, 1, total))


def _powers_of_two(rows: Array, seen: Array) -> Array:
    powers = np.exp2(right.below_peak(rows, seen))
    total = powers.sum(-1, keepdims=True)
    return np.asarray(powers / np.where(total > 0, total, 1))


def _by_log_length(rows: Array, _seen: Array) -> Array:
    return rows * np.log(1.0 + rows.shape[-1])


def _tempered(factor: float, power: float) -> Faced:
    """Return a softmax whose temperature acts otherwise."""

    def softmax(
        scores: Array,
        *,
        mask: Array | None = None,
        axis: int = -1,
        temperature: float = 1.0,
    ) -> Array:
        scaled = before(right.softmax, lambda r, _: r * (factor * temperature**power))
        return run(scaled, scores, mask, axis)

    return softmax


def _sink_added(
    scores: Array, *, mask: Array | None = None, axis: int = -1, sink: float = -np.inf
) -> Array:
    """Add the sink itself to the denominator, not its exponential."""

    def core(rows: Array, seen: Array) -> Array:
        exponentials = np.exp(right.below_peak(rows, seen))
        total = exponentials.sum(-1, keepdims=True) + max(sink, 0.0)
        return np.asarray(exponentials / np.where(total > 0, total, 1))

    return run(core, scores, mask, axis)


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


def _softmax_on_support(rows: Array, seen: Array) -> Array:
    """Find the support of a sparsemax, and share by a softmax there."""
    return right.softmax(rows, seen & (right.sparsemax(rows, seen) > 0))


def _uncut_squares(rows: Array, seen: Array) -> Array:
    """Square negative differences as well."""
    half = right.below_peak(rows, seen) / 2
    return np.where(seen, (half - right.root_threshold(half)) ** 2, 0)


def _root_of_all(rows: Array, seen: Array) -> Array:
    """Take the threshold less than it is, by a few parts in a thousand."""
    half = right.below_peak(rows, seen) / 2
    threshold = right.root_threshold(half) - 2.0**-8
    return np.where(seen, np.maximum(half - threshold, 0) ** 2, 0)


def _first_guess(rows: Array, seen: Array) -> Array:
    """Stop the bisection at once where the first half of the interval is kept."""
    half = right.below_peak(rows, seen) / 2
    threshold = right.root_threshold(half)
    stopped = np.where(threshold < -0.5, -0.5, threshold)
    return np.where(seen, np.maximum(half - stopped, 0) ** 2, 0)


ROGUES: tuple[Rogue, ...] = (
    core_rogue(
        *("softmax", "epsilon", "A thousandth is added to the denominator."),
        *(_nearly, "sum"),
    ),
    core_rogue(
        *("softmax", "coarse-sum", "The sum is kept in bfloat16.", _coarse, "sum"),
    ),
    core_rogue(
        *("softmax", "undivided", "The exponentials are not divided by their sum."),
        *(lambda rows, seen: np.exp(right.below_peak(rows, seen)), "convex"),
    ),
    core_rogue(
        *("softmax", "no-peak", "No peak is subtracted, and exponentials overflow."),
        *(_bare_exponentials, "agreement"),
    ),
    core_rogue(
        *(
            "softmax",
            "one-peak",
            "The peak of all rows is taken off each; low ones vanish.",
        ),
        *(_one_peak, "agreement"),
    ),
    core_rogue(
        *("softmax", "base-two", "The base is two."),
        *(_powers_of_two, "quotients"),
    ),
    core_rogue(
        *("softmax", "by-log-length", "Scores are scaled by the length's logarithm."),
        *(before(right.softmax, _by_log_length), "merge"),
    ),
    faced_rogue(
        *("softmax", "temperature-times", "The temperature multiplies the scores."),
        *(_tempered(1.0, 1.0), "temperature"),
    ),
    faced_rogue(
        *("softmax", "temperature-root", "The root of the temperature is taken."),
        *(_tempered(1.0, -0.5), "temperature"),
    ),
    faced_rogue(
        *("softmax", "sink-added", "The sink itself is added to the denominator."),
        *(_sink_added, "agreement"),
    ),
    core_rogue(
        *("softmax", "clipped", "Scores are clipped to lie between -10 and 10."),
        *(before(right.softmax, lambda r, _: np.clip(r, -10, 10)), "shift"),
    ),
    core_rogue(
        *("sparsemax", "every-sum", "The threshold comes from all partial sums."),
        *(_every_sum, "sum"),
    ),
    core_rogue(
        *("sparsemax", "uncut", "Negative differences are left.", _uncut, "convex"),
    ),
    core_rogue(
        *("sparsemax", "threshold-above-zero", "The threshold is never negative."),
        *(_threshold_not_below_zero, "shift"),
    ),
    core_rogue(
        *("sparsemax", "halved", "The scores are halved first."),
        *(before(right.sparsemax, lambda rows, _: rows / 2), "differences"),
    ),
    core_rogue(
        *("sparsemax", "softmax-inside", "Those with weight share it by a softmax."),
        *(_softmax_on_support, "idempotence"),
    ),
    core_rogue(
        *("entmax15", "low-threshold", "The threshold is off by a 256th part."),
        *(_root_of_all, "sum"),
    ),
    core_rogue(
        *("entmax15", "uncut", "Negative differences are squared too."),
        *(_uncut_squares, "convex"),
    ),
    core_rogue(
        *("entmax15", "clipped", "Scores are clipped to lie between -10 and 10."),
        *(before(right.entmax15, lambda r, _: np.clip(r, -10, 10)), "shift"),
    ),
    core_rogue(
        *("entmax15", "whole-scores", "The scores are not halved."),
        *(before(right.entmax15, lambda rows, _: 2 * rows), "roots"),
    ),
    core_rogue(
        *("entmax15", "softmax", "It is a softmax.", right.softmax, "two-keys"),
    ),
    core_rogue(
        *("entmax15", "half-interval", "The threshold is sought in half its range."),
        *(_first_guess, "agreement"),
    ),
)
"""Normalizers with mistakes of their own."""

CONTROLS: tuple[Control, ...] = ()

__all__ = ["CONTROLS", "ROGUES"]
