"""A weight of one, shared by exponentials: the kind `softmax`, and its laws.

A function may round the scores three times before it subtracts their peak (to bring
them to base two), or subtract their logsumexp, so the allowance grows with the scores
and not only with their distances.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.kinds.normalizers import _usage as usage
from attnspec.kinds.normalizers._exact_weights import finished, shown
from attnspec.kinds.normalizers._normalizer import Keyword, normalizer
from attnspec.kinds.normalizers._weight_laws import hold_to
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked
from attnspec.reference import softmax, softmax_with_sink, tempered


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Exponentiate the distances from the peak, and divide by their sum."""
    seen = rows.visible(case)
    scores = shown(case, seen, model)
    if case["temperature"] is not None:
        # Temperature, its reciprocal, the product: two roundings more than a quotient.
        scores = (scores / case["temperature"]).rounding(2.0)
    # To bring scores to base two: the logarithm of two, its reciprocal, the product.
    scores = scores.rounding(3.0)
    sink = case["sink"]
    low = -np.inf if sink is None else sink
    peak = _peak(scores, seen, low)
    exponentials = (scores - peak).exp().where(seen, 0.0)
    total = exponentials.sum(keepdims=True)
    if sink is not None:
        total = total + (scores.like(sink).rounding(3.0) - peak).exp()
    total = total.where(total.value > 0, 1.0)
    # In the place of the quotient a reciprocal and a product, or a logarithm (4 units).
    weights = (exponentials / total).rounding(8.0).where(seen, 0.0)
    # A row that sees no key gives all to its sink, if it has one: no choice is left.
    return finished(weights, seen, case, choices if sink is None else {}, model)


def _peak(scores: Tracked, seen: rows.Booleans, low: float) -> Tracked:
    """Return the largest of each row, or 0 where there is none."""
    value = np.where(seen, scores.value, -np.inf).max(-1, keepdims=True, initial=low)
    error = np.where(seen, scores.error, 0.0).max(-1, keepdims=True, initial=0.0)
    value = np.where(np.isneginf(value), 0.0, value)
    return dataclasses.replace(scores, value=value, error=error)


def _defined(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    temperature: float = 1.0,
    sink: float | None = None,
) -> Array:
    """Share a weight of one by the exponentials of the scores."""

    def shared(scores: Array, seen: Array | None) -> Array:
        cooled = tempered(scores, temperature)
        if sink is None:
            return np.asarray(softmax(cooled, seen))
        return softmax_with_sink(cooled, seen, np.full(scores.shape[:-1], sink))

    return rows.along(shared, scores, axis, mask)


SOFTMAX = normalizer(
    "softmax",
    "Shares a weight of one by the exponentials of scores.",
    _judge,
    _defined,
    usage=usage.SOFTMAX,
    keywords={
        "temperature": Keyword(
            "a number that divides the scores", (None, 0.5, 2.0, 0.1), "unscaled"
        ),
        "sink": Keyword("one more score", (None, 0.0, 3.0, -20.0), "unsunk"),
    },
    choices=rows.EMPTY_ROW,
    probes=(rows.PLAIN_PROBE, rows.EMPTY_ROW_PROBE),
)


SOFTMAX.agreement_law(
    "normalizers.softmax",
    "A weight is the exponential of its score over the sum of the visible ones.",
    nulls=("zeros", "uniform", "unmasked", "unscaled", "unsunk"),
)


hold_to(
    SOFTMAX,
    (
        *("weights", "order", "hidden", "sum", "convex", "shift"),
        *("padding", "merge", "monotone", "uniform"),
    ),
    also={
        "weights": ("normalizers.softmax", "normalizers.sum"),
        "sum": ("normalizers.sum",),
        "convex": ("attention.convex",),
        "shift": ("normalizers.shift",),
    },
)


@SOFTMAX.law(
    "softmax-quotients",
    "normalizers.softmax",
    nulls=("zeros", "uniform"),
    fields={
        "length": (2, 3, 5, 8, 17),
        "data": ("quarters", "normal", "spread", "ascending", "peaked", "far"),
        "temperature": (None,),
        "sink": (None,),
    },
)
def check_quotients(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The quotient of two weights is the exponential of their scores' distance."""
    some, best, below = rows.against_best(case)
    weights, bound = (x[some] for x in rows.pair(case, bench))
    factor = np.exp(-below)
    top = np.take_along_axis(weights, best, -1)
    share = np.where(top > 0, top, 1.0) * factor
    slack = bound + np.take_along_axis(bound, best, -1) * factor + rows.ROOM
    yield within(share, weights, slack, what="weight")


@SOFTMAX.law(
    "softmax-temperature",
    "self-attention.temperature",
    nulls=("unscaled",),
    needs=("temperature",),
    fields={
        "length": (2, 3, 5, 8, 17),
        "data": ("quarters", "normal", "spread", "peaked", "offset_up"),
        "temperature": (0.5, 2.0, 4.0),
        "sink": (None,),
    },
)
def check_temperature(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A temperature is a divisor of the scores, and of nothing else."""
    scores = case["scores"]
    divided = (scores.astype(np.float64) / case["temperature"]).astype(scores.dtype)
    plain = case.without("temperature").replace(scores=divided)
    yield from rows.same(
        rows.pair(plain, bench),
        rows.pair(case, bench),
        f"temperature {case['temperature']:g}",
    )


__all__ = ["SOFTMAX"]
