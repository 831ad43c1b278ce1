"""Normalizers in the format of their scores, to be spoiled or shown to be right.

A core takes scores and which of them are visible, the keys on the last axis, and
gives weights; `faced` gives it the face of a normalizer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, controls_of
from attnspec.rogues._shift import shift_of

Core = Callable[[Array, Array], Array]
"""A way from scores, and which of them are visible, to weights."""

Faced = Callable[..., Array]
"""A function with the face of a normalizer."""


def faced(core: Core) -> Faced:
    """Return a normalizer over any axis, with a mask."""

    def normalizer(
        scores: Array, *, mask: Array | None = None, axis: int = -1
    ) -> Array:
        return run(core, scores, mask, axis)

    return normalizer


def run(core: Core, scores: Array, mask: Array | None, axis: int) -> Array:
    """Run a core along an axis, in float32 at least."""
    work = working_dtype(scores.dtype)
    rows: Any = np.moveaxis(scores, axis, -1).astype(work)
    seen = ~np.isneginf(rows)
    if mask is not None:
        seen &= np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    with np.errstate(all="ignore"):
        weights = np.moveaxis(core(rows, seen), -1, axis)
        return np.ascontiguousarray(weights).astype(scores.dtype)


def below_peak(rows: Array, seen: Array) -> Array:
    """Subtract the largest visible score; hidden ones are minus infinity."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    peak = shown.max(-1, keepdims=True, initial=-np.inf)
    return np.asarray(shown - shift_of(peak))


def softmax(rows: Array, seen: Array) -> Array:
    """Divide the exponentials by their sum."""
    exponentials = np.exp(below_peak(rows, seen))
    total = exponentials.sum(-1, keepdims=True)
    return np.asarray(exponentials / np.where(total > 0, total, 1))


def sparsemax(rows: Array, seen: Array) -> Array:
    """Sort, and find the last score that is above its threshold."""
    below = below_peak(rows, seen)
    return np.where(seen, np.maximum(below - mean_threshold(below), 0), 0)


def mean_threshold(below: Array) -> Array:
    """Return the threshold by the test of its authors."""
    ordered = np.sort(below, -1)[..., ::-1]
    places = np.arange(1, below.shape[-1] + 1).astype(below.dtype)
    sums = np.cumsum(ordered, -1, dtype=below.dtype)
    # One place counts at least, in a row without a visible key too.
    kept = np.maximum((1 + places * ordered > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept.astype(below.dtype)
    return np.where(np.isfinite(threshold), threshold, 0)


def entmax15(rows: Array, seen: Array) -> Array:
    """Sort, and find the last halved score that is above its threshold."""
    half = below_peak(rows, seen) / 2
    return np.where(seen, np.maximum(half - root_threshold(half), 0) ** 2, 0)


def root_threshold(half: Array) -> Array:
    """Return the threshold of 1.5-entmax by the formula of its authors."""
    ordered = np.sort(half, -1)[..., ::-1]
    places = np.arange(1, half.shape[-1] + 1).astype(half.dtype)
    mean = np.cumsum(ordered, -1, dtype=half.dtype) / places
    squares = np.cumsum(ordered**2, -1, dtype=half.dtype) / places
    # The squared distances of n scores from their mean sum to n times the difference.
    rest = (1 - places * (squares - mean**2)) / places
    thresholds = mean - np.sqrt(np.maximum(rest, 0))
    kept = np.maximum((thresholds <= ordered).sum(-1, keepdims=True), 1)
    found = np.take_along_axis(thresholds, kept - 1, -1)
    return np.where(np.isfinite(found), found, 0)


def sigmoid(rows: Array, seen: Array) -> Array:
    """Take one over one and the exponential of the score's opposite."""
    return np.where(seen, 1 / (1 + np.exp(-rows)), 0)


def relu(rows: Array, seen: Array) -> Array:
    """Divide positive parts by the number of visible keys."""
    count = np.maximum(seen.sum(-1, keepdims=True), 1).astype(rows.dtype)
    return np.where(seen, np.maximum(rows, 0) / count, 0)


CORES: Mapping[str, Core] = {
    "softmax": softmax,
    "sparsemax": sparsemax,
    "entmax15": entmax15,
    "sigmoid": sigmoid,
    "relu": relu,
}
"""The normalizers by the name of their kind."""


def before(core: Core, change: Callable[[Array, Array], Array]) -> Core:
    """Change scores before a core sees them."""
    return lambda rows, seen: core(change(rows, seen).astype(rows.dtype), seen)


def after(core: Core, change: Callable[[Array, Array], Array]) -> Core:
    """Change the weights that a core gives."""
    return lambda rows, seen: change(core(rows, seen), seen)


def bisected(power: int) -> Core:
    """Return sparsemax (1) or 1.5-entmax (2) with a threshold found by bisection."""

    def core(rows: Array, seen: Array) -> Array:
        shown: Any = np.where(seen, rows, -np.inf).astype(rows.dtype)
        shown = shown / power
        high = shown.max(-1, keepdims=True, initial=-np.inf)
        low = high - 1
        # An interval of 1 is below float64's unit, 2^-53, after 60 halvings.
        for _ in range(60):
            middle = (low + high) / 2
            total = (np.maximum(shown - middle, 0) ** power).sum(-1, keepdims=True)
            low = np.where(total >= 1, middle, low)
            high = np.where(total >= 1, high, middle)
        weights = np.maximum(shown - low, 0) ** power
        return np.where(seen, weights, 0)

    return core


def nan_control(kind: str) -> Control:
    """Return the normalizer of a kind that makes rows without a visible key NaN."""

    def no_number(weights: Array, seen: Array) -> Array:
        return np.where(seen.any(-1, keepdims=True), weights, np.nan)

    return controls_of(kind)(
        "empty-nan",
        "Rows without a visible key are NaN.",
        faced(after(CORES[kind], no_number)),
        dialect={"empty_row": "nan"},
        dtypes=FORMATS,
    )


__all__ = [
    "CORES",
    "Core",
    "Faced",
    "after",
    "before",
    "below_peak",
    "bisected",
    "entmax15",
    "faced",
    "mean_threshold",
    "nan_control",
    "relu",
    "root_threshold",
    "run",
    "sigmoid",
    "softmax",
    "sparsemax",
]
