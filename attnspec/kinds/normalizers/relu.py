"""Positive scores over a number of keys: the kind `relu`, and its laws."""

from __future__ import annotations

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
from attnspec.numerics.tracked import Judged
from attnspec.reference import relu_by_visible


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Divide the positive parts by a power of a number of keys."""
    seen = rows.visible(case)
    count = seen.sum(-1, keepdims=True)
    if choices["divisor"] == "length":
        count = np.full_like(count, seen.shape[-1])
    power = 1.0 if case["power"] is None else case["power"]
    positive = shown(case, seen, model).maximum(0.0)
    # A library's power is off by four units; its exponent, if rounded, by another
    # log(33), which is below four, for the 33 keys that there are at most.
    divisor = positive.like(np.maximum(count, 1.0) ** power).rounding(8.0)
    # A reciprocal and a product may take the place of the quotient.
    weights = (positive / divisor).rounding(2.0).where(seen, 0.0)
    return finished(weights, seen, case, {}, model)


def _defined(
    scores: Array, *, mask: Array | None = None, axis: int = -1, power: float = 1.0
) -> Array:
    """Divide the positive parts by the number of visible keys."""
    return rows.along(relu_by_visible, scores, axis, mask, power=power)


# Where minus infinity hides a key, a count of the visible has no other name for it;
# functions without a mask do not count, so none is drawn.
RELU = normalizer(
    "relu",
    "Weighs each key by its positive score over a number of keys.",
    _judge,
    _defined,
    usage=usage.RELU,
    keywords={
        "power": Keyword("a power of the number of keys", (None, 0.5, 0.0), "undivided")
    },
    without=("minus_infinity",),
    choices={"divisor": ("visible", "length")},
    probes=({"rows": (2,), "length": 8, "mask": "padding", "data": "quarters"},),
)


RELU.agreement_law(
    "activations.relu",
    "A weight is the positive part of its score over the number of keys.",
    nulls=("zeros", "uniform", "unmasked", "undivided"),
)


hold_to(
    RELU,
    ("weights", "order", "hidden", "zeros", "alone", "padding", "merge", "monotone"),
    # Where hidden keys are counted they change the divisor.
    applies={"padding": lambda dialect, _: dialect["divisor"] == "visible"},
)


@RELU.law(
    "relu-proportional",
    "activations.relu",
    nulls=("each_alone", "lifted"),
    fields={"data": ("quarters", "normal", "spread", "peaked", "offset_up")},
)
def check_proportional(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Scores that are twice as large have weights that are twice as large."""
    doubled = (2.0 * case["scores"].astype(np.float64)).astype(case["scores"].dtype)
    other = case.replace(scores=doubled)
    yield from rows.same(
        rows.pair(case, bench),
        rows.pair(other, bench),
        "all scores doubled",
        factor=2.0,
    )


@RELU.law(
    "relu-divisor",
    "activations.relu",
    nulls=("zeros", "ones", "undivided"),
    fields={"length": (2, 3, 5, 8, 17)},
)
def check_divisor(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Scores of one have a weight of one over the power of the number of keys."""
    seen = rows.visible(case)
    probe = rows.with_keys(case, np.ones(seen.shape), None)
    count = seen.sum(-1, keepdims=True)
    if bench.dialect["divisor"] == "length":
        count = np.full_like(count, seen.shape[-1])
    power = 1.0 if case["power"] is None else case["power"]
    expected = rows.back(case, np.where(seen, np.maximum(count, 1.0) ** -power, 0.0))
    exact = bench.judged(probe).bound
    yield within(expected, bench.run(probe).output, exact + rows.ROOM, what="weight")


__all__ = ["RELU"]
