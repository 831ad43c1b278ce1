r"""What the exact weights of several normalizers, and their bounds, are made of.

All functions here have the keys on the last axis. Scores are exact.
"""

from __future__ import annotations

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.law import Dialect
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import F64, Judged, Tracked, judged


def shown(case: Case, seen: rows.Booleans, model: NumericModel) -> Tracked:
    """Return the scores with 0 where a key is hidden."""
    return Tracked.of(np.where(seen, rows.scores_of(case), 0.0), model)


def below_peak(case: Case, seen: rows.Booleans) -> tuple[F64, F64]:
    """Return scores less their peak, minus infinity where hidden, and the size M."""
    scores = rows.scores_of(case)
    shown = np.where(seen, scores, -np.inf)
    peak = shown.max(-1, keepdims=True, initial=-np.inf)
    peak = np.where(np.isneginf(peak), 0.0, peak)
    return np.where(seen, scores - peak, -np.inf), 1.0 + np.abs(peak)


def descending(below: F64) -> tuple[F64, F64]:
    """Order each row from the largest down, and number the places from 1."""
    return np.sort(below, axis=-1)[..., ::-1], np.arange(1.0, below.shape[-1] + 1.0)


def finished(
    weights: Tracked,
    seen: rows.Booleans,
    case: Case,
    choices: Dialect,
    model: NumericModel,
) -> Judged:
    """Round to the output, and give rows without a visible key their value."""
    some = seen.any(-1, keepdims=True)
    # A kind without the choice has weights of zero there.
    choice = choices.get("empty_row", "zero")
    if choice == "mean":
        # A softmax of equal scores may give it: the roundings of its weights.
        share = weights.like(1.0 / max(1, seen.shape[-1])).rounding(8.0)
        weights = weights.where(some, share)
    exact = judged(weights, model)
    output, bound = exact.output, exact.bound
    if choice == "nan":
        output, bound = np.where(some, output, np.nan), np.where(some, bound, 0.0)
    return Judged(rows.back(case, output), rows.back(case, bound))


__all__ = ["below_peak", "descending", "finished", "shown"]
