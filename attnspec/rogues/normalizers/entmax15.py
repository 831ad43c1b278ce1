"""Wrong 1.5-entmaxes, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import before, faced, nan_control
from attnspec.rogues.normalizers._shared_mistakes import shared_mistakes


def _uncut_squares(rows: Array, seen: Array) -> Array:
    """Square negative differences as well."""
    half = right.below_peak(rows, seen) / 2
    return np.where(seen, (half - right.root_threshold(half)) ** 2, 0)


def _root_of_all(rows: Array, seen: Array) -> Array:
    """Take the threshold less than it is, by a few parts in a thousand."""
    half = right.below_peak(rows, seen) / 2
    # 2^-8 is many times what float32 loses in a threshold.
    threshold = right.root_threshold(half) - 2.0**-8
    return np.where(seen, np.maximum(half - threshold, 0) ** 2, 0)


def _first_guess(rows: Array, seen: Array) -> Array:
    """Stop the bisection at once where the first half of the interval is kept."""
    half = right.below_peak(rows, seen) / 2
    threshold = right.root_threshold(half)
    # With the best halved score at 0, the threshold lies between -1 and 0.
    stopped = np.where(threshold < -0.5, -0.5, threshold)
    return np.where(seen, np.maximum(half - stopped, 0) ** 2, 0)


_rogue, _control = makers("entmax15", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "low-threshold",
        "The threshold is off by a 256th part.",
        faced(_root_of_all),
        "sum",
    ),
    _rogue(
        "uncut",
        "Negative differences are squared too.",
        faced(_uncut_squares),
        "convex",
    ),
    _rogue(
        "clipped",
        "Scores are clipped to lie between -10 and 10.",
        faced(before(right.entmax15, lambda r, _: np.clip(r, -10, 10))),
        "shift",
    ),
    _rogue(
        "whole-scores",
        "The scores are not halved.",
        faced(before(right.entmax15, lambda rows, _: 2 * rows)),
        "roots",
    ),
    _rogue("softmax", "It is a softmax.", faced(right.softmax), "two-keys"),
    _rogue(
        "half-interval",
        "The threshold is sought in half its range.",
        faced(_first_guess),
        "agreement",
    ),
    *shared_mistakes("entmax15"),
)
"""Wrong ways to take a 1.5-entmax."""

CONTROLS: tuple[Control, ...] = (
    nan_control("entmax15"),
    _control("bisected", "Bisects.", faced(right.bisected(2))),
    _control("by-authors", "Sorts.", faced(right.entmax15)),
)
"""Unusual and right ways to take a 1.5-entmax."""

__all__ = ["CONTROLS", "ROGUES"]
