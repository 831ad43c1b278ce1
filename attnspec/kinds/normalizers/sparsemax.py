r"""Scores projected onto the simplex: the kind `sparsemax`, and its laws.

A function subtracts a threshold: let it be off by d. The sum of max(s - t, 0) falls
with a slope of at least one in t, so an error e of that sum moves its root by e at
most, and so does a projection, which is never farther from another than the scores
are. With c keys that may have weight, that is those less than one below the peak, and
M = 1 + |peak|, a mean of n of their scores is off by gamma(n + 3) M. A key that is
taken in or left out by rounding alone lies within twice that of the threshold; the
k-th of them moves it by a k-th part of this: 1 + log c in all. So
d = gamma(c + 3) M (3 + 2 log c), and a weight adds two roundings of a number below M.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import Case
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.normalizers import _exact_weights as weighed
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.kinds.normalizers import _usage as usage
from attnspec.kinds.normalizers._normalizer import normalizer
from attnspec.kinds.normalizers._weight_laws import ON_THE_SIMPLEX, hold_to
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.operations import AT_ONCE
from attnspec.numerics.tracked import Judged, Tracked, gamma
from attnspec.reference import sparsemax


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Project the visible scores onto the simplex."""
    seen = rows.visible(case)
    work = Tracked.of(0.0, model)
    below, size = weighed.below_peak(case, seen)
    ordered, places = weighed.descending(below)
    means = (np.cumsum(ordered, -1) - 1.0) / places
    threshold = np.max(means, -1, keepdims=True, initial=-np.inf)
    height = below - np.where(np.isneginf(threshold), 0.0, threshold)
    # One more than there are: a row without any key has a logarithm, too.
    rivals = 1.0 + (below >= -1.0).sum(-1, keepdims=True)
    off = gamma(rivals + 3.0, work.unit) * size * (3.0 + 2.0 * np.log(rivals))
    error = off + gamma(2.0, work.unit) * size
    # What is farther below the threshold than this may be off weighs exactly 0.
    weights = dataclasses.replace(
        work,
        value=np.maximum(height, 0.0),
        error=np.where(height > -error, error, 0.0),
    )
    return weighed.finished(weights.where(seen, 0.0), seen, case, choices, model)


def _defined(scores: Array, *, mask: Array | None = None, axis: int = -1) -> Array:
    """Project the scores onto the simplex."""
    return rows.along(sparsemax, scores, axis, mask)


SPARSEMAX = normalizer(
    "sparsemax",
    "Projects scores onto the simplex.",
    _judge,
    _defined,
    usage=usage.SPARSEMAX,
    models=AT_ONCE,
    choices=rows.EMPTY_ROW,
    probes=(rows.PLAIN_PROBE, rows.EMPTY_ROW_PROBE),
)


SPARSEMAX.agreement_law(
    "activations.sparsemax",
    "The weights are the point of the simplex that is nearest to the scores.",
    nulls=("zeros", "uniform", "unmasked"),
)


hold_to(
    SPARSEMAX,
    ON_THE_SIMPLEX,
    also={"convex": ("attention.convex",)},
)


@SPARSEMAX.law(
    "sparsemax-differences",
    "activations.sparsemax",
    nulls=("zeros", "uniform"),
    fields={"length": (2, 3, 5, 8, 17), "data": ("quarters", "normal", "ascending")},
)
def check_differences(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two weights above zero differ as their scores do."""
    some, best, below = rows.against_best(case)
    weights, bound = (x[some] for x in rows.pair(case, bench))
    top = np.take_along_axis(weights, best, -1)
    slack = bound + np.take_along_axis(bound, best, -1) + rows.ROOM
    share = np.where(top > 0, top, 1.0)
    yield within(np.maximum(share - below, 0.0), weights, slack, what="weight")


@SPARSEMAX.law(
    "sparsemax-idempotence",
    "activations.sparsemax",
    nulls=("zeros", "uniform", "each_alone"),
    fields={"length": (2, 3, 5, 8, 17), "mask": ("none",)},
)
def check_idempotence(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A point of the simplex is its own projection."""
    scores = rows.scores_of(case)
    count = scores.shape[-1]
    # 1/2, 1/4, ... and the last of at most eight twice: they sum to one exactly.
    powers = 2.0 ** -np.minimum(np.arange(1.0, count + 1.0), max(1, min(count - 1, 7)))
    powers = np.where(np.arange(count) < min(count, 8), powers, 0.0)
    turn = np.argsort(bits(case["recipe"].seed, "turn", scores.shape), axis=-1)
    point = np.take_along_axis(np.broadcast_to(powers, scores.shape), turn, -1)
    given = rows.with_keys(case, point, None)
    actual, bound = rows.pair(given, bench)
    yield within(point, actual, bound, what="weight")


__all__ = ["SPARSEMAX"]
