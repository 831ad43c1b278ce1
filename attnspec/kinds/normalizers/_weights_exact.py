r"""The exact weights of the normalizers, and how far off a function may be.

All functions here have the keys on the last axis. Scores are exact. A function may
round them three times before it subtracts their peak (to bring them to base two), or
subtract their logsumexp, so the allowance grows with the scores and not only with
their distances.

Sparsemax subtracts a threshold: let it be off by d. The sum of max(s - t, 0) falls
with a slope of at least one in t, so an error e of that sum moves its root by e at
most, and so does a projection, which is never farther from another than the scores
are. With c keys that may have weight, that is those less than one below the peak, and
M = 1 + |peak|, a mean of n of their scores is off by gamma(n + 3) M. A key that is
taken in or left out by rounding alone lies within twice that of the threshold; the
k-th of them moves it by a k-th part of this: 1 + log c in all. So
d = gamma(c + 3) M (3 + 2 log c), and a weight adds two roundings of a number below M.

1.5-entmax squares half the scores less a threshold. There the mean of c numbers in
[0, 1], the mean of their squares, the difference of two such means and its root, whose
argument is at least 1 / c^2 so that its slope is at most c / 2, cost
gamma(6 c^2 + 12 c + 14). A bisection costs gamma(c + 3) and what the scores lose in
their own rounding, gamma(4) M. A square of at most one doubles both.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from attnspec.judge.case import Case
from attnspec.judge.kind import Choices
from attnspec.kinds.normalizers._weights import Booleans, back, scores_of, visible
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import F64, Judged, Tracked, judged


def softmaxed(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Exponentiate the distances from the peak, and divide by their sum."""
    seen = visible(case)
    scores = _shown(case, seen, model)
    if case["temperature"] is not None:
        scores = (scores / case["temperature"]).rounding(2.0)
    scores = scores.rounding(3.0)
    sink = case["sink"]
    low = -np.inf if sink is None else sink
    peak = _peak(scores, seen, low)
    exponentials = (scores - peak).exp().where(seen, 0.0)
    total = exponentials.sum(keepdims=True)
    if sink is not None:
        total = total + (scores.like(sink).rounding(3.0) - peak).exp()
    total = total.where(total.value > 0, 1.0)
    weights = (exponentials / total).rounding(8.0).where(seen, 0.0)
    return _finished(weights, seen, case, choices if sink is None else {}, model)


def judged_alone(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Take the logistic function of each score and the offset.

    The form with a hyperbolic tangent is off by a few units of one, however small
    the weight is, and it is a right one.
    """
    seen = visible(case)
    scores, offset = _shown(case, seen, model), case["offset"]
    if offset is None and choices.get("default_offset") == "minus_log_length":
        x = scores + scores.like(-math.log(max(1, seen.shape[-1]))).rounding(4.0)
    else:
        x = scores + (offset or 0.0)
    below = x.value < 0
    power = x.where(below, -x).exp()
    whole = power + 1.0
    weights = (power / whole).where(below, power.like(1.0) / whole)
    slack = weights.error + 8.0 * weights.unit
    weights = dataclasses.replace(weights, error=slack).where(seen, 0.0)
    return _finished(weights, seen, case, {}, model)


def rectified(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Divide the positive parts by a power of a number of keys."""
    seen = visible(case)
    count = seen.sum(-1, keepdims=True)
    if choices["divisor"] == "length":
        count = np.full_like(count, seen.shape[-1])
    power = 1.0 if case["power"] is None else case["power"]
    positive = _shown(case, seen, model).maximum(0.0)
    divisor = positive.like(np.maximum(count, 1.0) ** power).rounding(8.0)
    weights = (positive / divisor).rounding(2.0).where(seen, 0.0)
    return _finished(weights, seen, case, {}, model)


def projected(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Project the visible scores onto the simplex."""
    seen = visible(case)
    work = Tracked.of(0.0, model)
    below, size = _below(case, seen)
    ordered, places = _descending(below)
    means = (np.cumsum(ordered, -1) - 1.0) / places
    threshold = np.max(means, -1, keepdims=True, initial=-np.inf)
    height = below - np.where(np.isneginf(threshold), 0.0, threshold)
    rivals = 1.0 + (below >= -1.0).sum(-1, keepdims=True)
    off = _gamma(rivals + 3.0, work.unit) * size * (3.0 + 2.0 * np.log(rivals))
    error = off + _gamma(2.0, work.unit) * size
    weights = dataclasses.replace(
        work,
        value=np.maximum(height, 0.0),
        error=np.where(height > -error, error, 0.0),
    )
    return _finished(weights.where(seen, 0.0), seen, case, choices, model)


def squared(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Square half the visible scores less the threshold of 1.5-entmax."""
    seen = visible(case)
    work = Tracked.of(0.0, model)
    below, size = _below(case, seen)
    height = below / 2.0 - _threshold(below / 2.0)
    rivals = 1.0 + (below >= -2.0).sum(-1, keepdims=True)
    unit = work.unit
    off = (
        _gamma(6.0 * rivals**2 + 12.0 * rivals + 14.0, unit) + _gamma(4.0, unit) * size
    )
    root = np.maximum(height, 0.0)
    error = 2.0 * root * off + off**2 + _gamma(3.0, unit) * root**2
    weights = dataclasses.replace(
        work, value=root**2, error=np.where(height > -off, error, 0.0)
    )
    return _finished(weights.where(seen, 0.0), seen, case, choices, model)


def _threshold(below: F64) -> F64:
    """Return the number that 1.5-entmax subtracts from halved scores, peak 0."""
    ordered, places = _descending(below)
    rest = np.isneginf(ordered)
    finite = np.where(rest, 0.0, ordered)
    mean = np.cumsum(finite, -1) / places
    distance = np.cumsum(finite**2, -1) - places * mean**2
    candidates = mean - np.sqrt(np.maximum((1.0 - distance) / places, 0.0))
    fits = ~rest & (candidates <= ordered) & (distance <= 1.0)
    counting = np.where(fits, candidates, -np.inf)
    found = np.max(counting, -1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(found), 0.0, found)


def _shown(case: Case, seen: Booleans, model: NumericModel) -> Tracked:
    """Return the scores with 0 where a key is hidden."""
    return Tracked.of(np.where(seen, scores_of(case), 0.0), model)


def _peak(scores: Tracked, seen: Booleans, low: float) -> Tracked:
    """Return the largest of each row, or 0 where there is none."""
    value = np.where(seen, scores.value, -np.inf).max(-1, keepdims=True, initial=low)
    error = np.where(seen, scores.error, 0.0).max(-1, keepdims=True, initial=0.0)
    value = np.where(np.isneginf(value), 0.0, value)
    return dataclasses.replace(scores, value=value, error=error)


def _below(case: Case, seen: Booleans) -> tuple[F64, F64]:
    """Return scores less their peak, minus infinity where hidden, and the size M."""
    scores = scores_of(case)
    shown = np.where(seen, scores, -np.inf)
    peak = shown.max(-1, keepdims=True, initial=-np.inf)
    peak = np.where(np.isneginf(peak), 0.0, peak)
    return np.where(seen, scores - peak, -np.inf), 1.0 + np.abs(peak)


def _descending(below: F64) -> tuple[F64, F64]:
    return np.sort(below, axis=-1)[..., ::-1], np.arange(1.0, below.shape[-1] + 1.0)


def _gamma(roundings: npt.ArrayLike, unit: float) -> F64:
    product = np.asarray(roundings, np.float64) * unit
    return np.asarray(product / (1.0 - product))


def _finished(
    weights: Tracked,
    seen: Booleans,
    case: Case,
    choices: Choices,
    model: NumericModel,
) -> Judged:
    """Round to the output, and give rows without a visible key their value."""
    some = seen.any(-1, keepdims=True)
    choice = choices.get("empty_row", "zero")
    if choice == "mean":
        share = weights.like(1.0 / max(1, seen.shape[-1])).rounding(8.0)
        weights = weights.where(some, share)
    exact = judged(weights, model)
    output, bound = exact.output, exact.bound
    if choice == "nan":
        output, bound = np.where(some, output, np.nan), np.where(some, bound, 0.0)
    return Judged(back(case, output), back(case, bound))


__all__ = ["judged_alone", "projected", "rectified", "softmaxed", "squared"]
