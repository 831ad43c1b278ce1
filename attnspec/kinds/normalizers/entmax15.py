r"""Squares of half the scores, less a threshold: the kind `entmax15`, and its laws.

With c keys that may have weight, that is those less than two below the peak, the mean
of c numbers in [0, 1], the mean of their squares, the difference of two such means and
its root, whose argument is at least 1 / c^2 so that its slope is at most c / 2, cost
gamma(6 c^2 + 12 c + 14). A bisection costs gamma(c + 3) and what the scores lose in
their own rounding, gamma(4) M with M = 1 + |peak|. A square of at most one doubles
both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.normalizers import _exact_weights as weighed
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.kinds.normalizers import _usage as usage
from attnspec.kinds.normalizers._normalizer import normalizer
from attnspec.kinds.normalizers._weight_laws import ON_THE_SIMPLEX, hold_to
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.operations import AT_ONCE
from attnspec.numerics.tracked import F64, Judged, Tracked, gamma
from attnspec.reference import entmax15


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Square half the visible scores less the threshold of 1.5-entmax."""
    seen = rows.visible(case)
    work = Tracked.of(0.0, model)
    below, size = weighed.below_peak(case, seen)
    height = below / 2.0 - _threshold(below / 2.0)
    # One more than there are, as in sparsemax: the error rises with their number.
    rivals = 1.0 + (below >= -2.0).sum(-1, keepdims=True)
    unit = work.unit
    off = gamma(6.0 * rivals**2 + 12.0 * rivals + 14.0, unit) + gamma(4.0, unit) * size
    root = np.maximum(height, 0.0)
    # The difference rounds once, which the square doubles, and the square once more.
    error = off * (2.0 * root + off) + gamma(3.0, unit) * root**2
    # What is farther below the threshold than this may be off weighs exactly 0.
    weights = dataclasses.replace(
        work, value=root**2, error=np.where(height > -off, error, 0.0)
    )
    return weighed.finished(weights.where(seen, 0.0), seen, case, choices, model)


def _threshold(below: F64) -> F64:
    """Return the number that 1.5-entmax subtracts from halved scores, peak 0."""
    ordered, places = weighed.descending(below)
    rest = np.isneginf(ordered)
    finite = np.where(rest, 0.0, ordered)
    mean = np.cumsum(finite, -1) / places
    distance = np.cumsum(finite**2, -1) - places * mean**2
    candidates = mean - np.sqrt(np.maximum((1.0 - distance) / places, 0.0))
    fits = ~rest & (candidates <= ordered) & (distance <= 1.0)
    counting = np.where(fits, candidates, -np.inf)
    found = np.max(counting, -1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(found), 0.0, found)


def _defined(scores: Array, *, mask: Array | None = None, axis: int = -1) -> Array:
    """Square half the scores less their threshold."""
    return rows.along(entmax15, scores, axis, mask)


ENTMAX15 = normalizer(
    "entmax15",
    "Squares half the scores, less a threshold, to weights that sum to one.",
    _judge,
    _defined,
    usage=usage.ENTMAX15,
    models=AT_ONCE,
    choices=rows.EMPTY_ROW,
    probes=(rows.PLAIN_PROBE, rows.EMPTY_ROW_PROBE),
)


ENTMAX15.agreement_law(
    "activations.entmax15",
    "The weights are squares of half the scores, less one threshold.",
    nulls=("zeros", "uniform", "unmasked"),
)


hold_to(
    ENTMAX15,
    ON_THE_SIMPLEX,
    also={"convex": ("attention.convex",)},
)


@ENTMAX15.law(
    "entmax15-roots",
    "activations.entmax15",
    nulls=("zeros", "uniform"),
    fields={"length": (2, 3, 5, 8, 17), "data": ("quarters", "normal", "ascending")},
)
def check_roots(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The roots of two weights above zero differ by half of what their scores do."""
    some, best, below = rows.against_best(case)
    weights, bound = (x[some] for x in rows.pair(case, bench))
    exact = rows.last(case, bench.judged(case).output)[some]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(exact > 0, bound / np.sqrt(exact), np.inf)
    # |sqrt(w) - sqrt(e)| is |w - e| / (sqrt(w) + sqrt(e)), and never above its root.
    slack = np.minimum(np.sqrt(bound), slope)
    slack = slack + np.take_along_axis(slack, best, -1) + rows.ROOM
    roots = np.sqrt(np.maximum(weights, 0.0))
    top = np.take_along_axis(roots, best, -1)
    share = np.where(top > 0, top, 1.0)
    expected = np.maximum(share - below / 2.0, 0.0)
    yield within(expected, roots, slack, what="root of the weight")


@ENTMAX15.law(
    "entmax15-two-keys",
    "activations.entmax15",
    nulls=("uniform", "each_alone"),
    fields={"length": (2,), "data": ("quarters", "normal"), "mask": ("none",)},
)
def check_two_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two keys at a distance d up to 2 have weights of 1/2 +- d sqrt(8 - d^2) / 8.

    Their roots differ by d / 2, and their squares sum to one. The larger weight lies
    between those of softmax and sparsemax.
    """
    some, best, below = rows.against_best(case)
    weights, bound = (x[some] for x in rows.pair(case, bench))
    distance = np.minimum(below.max(-1, keepdims=True), 2.0)
    more = distance * np.sqrt(8.0 - distance**2) / 8.0
    top = np.take_along_axis(weights, best, -1)
    slack = np.take_along_axis(bound, best, -1) + rows.ROOM
    yield within(0.5 + more, top, slack, what="larger weight")
    other = weights.sum(-1, keepdims=True) - top
    yield within(
        0.5 - more, other, bound.sum(-1, keepdims=True) + rows.ROOM, what="other"
    )


__all__ = ["ENTMAX15"]
