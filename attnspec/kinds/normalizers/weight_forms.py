"""What each normalizer is known by: its own form, read off its own weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import Case
from attnspec.judge.kind import Bench
from attnspec.kinds.normalizers._weights import (
    ROOM,
    back,
    last,
    pair,
    same,
    scores_of,
    visible,
    with_keys,
)
from attnspec.kinds.normalizers.softmax import (
    ENTMAX15,
    RELU,
    SIGMOID,
    SOFTMAX,
    SPARSEMAX,
)
from attnspec.numerics import Comparison, within

_EXACT = ("quarters", "ties", "zeros")
"""Data whose halves, doubles and small shifts no format has to round."""


def _against_best(case: Case) -> tuple[Any, Array, Array]:
    """Return rows with a visible key, their best keys, and distances from these."""
    seen = visible(case)
    scores = np.where(seen, scores_of(case), -np.inf)
    some = seen.any(-1)
    best = scores[some].argmax(-1)[..., None]
    below = np.take_along_axis(scores[some], best, -1) - scores[some]
    return some, best, below


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
    some, best, below = _against_best(case)
    weights, bound = (x[some] for x in pair(case, bench))
    factor = np.exp(-below)
    top = np.take_along_axis(weights, best, -1)
    share = np.where(top > 0, top, 1.0) * factor
    slack = bound + np.take_along_axis(bound, best, -1) * factor + ROOM
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
    yield from same(
        pair(plain, bench), pair(case, bench), f"temperature {case['temperature']:g}"
    )


@SPARSEMAX.law(
    "sparsemax-differences",
    "activations.sparsemax",
    nulls=("zeros", "uniform"),
    fields={"length": (2, 3, 5, 8, 17), "data": ("quarters", "normal", "ascending")},
)
def check_differences(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two weights above zero differ as their scores do."""
    some, best, below = _against_best(case)
    weights, bound = (x[some] for x in pair(case, bench))
    top = np.take_along_axis(weights, best, -1)
    slack = bound + np.take_along_axis(bound, best, -1) + ROOM
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
    scores = scores_of(case)
    count = scores.shape[-1]
    powers = 2.0 ** -np.minimum(np.arange(1.0, count + 1.0), max(1, min(count - 1, 7)))
    powers = np.where(np.arange(count) < min(count, 8), powers, 0.0)
    turn = np.argsort(bits(case["recipe"].seed, "turn", scores.shape), axis=-1)
    point = np.take_along_axis(np.broadcast_to(powers, scores.shape), turn, -1)
    given = with_keys(case, point, None)
    actual, bound = pair(given, bench)
    yield within(point, actual, bound, what="weight")


@ENTMAX15.law(
    "entmax15-roots",
    "activations.entmax15",
    nulls=("zeros", "uniform"),
    fields={"length": (2, 3, 5, 8, 17), "data": ("quarters", "normal", "ascending")},
)
def check_roots(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The roots of two weights above zero differ by half of what their scores do."""
    some, best, below = _against_best(case)
    weights, bound = (x[some] for x in pair(case, bench))
    exact = last(case, bench.judged(case).output)[some]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(exact > 0, bound / np.sqrt(exact), np.inf)
    slack = np.minimum(np.sqrt(bound), slope)
    slack = slack + np.take_along_axis(slack, best, -1) + ROOM
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
    some, best, below = _against_best(case)
    weights, bound = (x[some] for x in pair(case, bench))
    distance = np.minimum(below.max(-1, keepdims=True), 2.0)
    more = distance * np.sqrt(8.0 - distance**2) / 8.0
    top = np.take_along_axis(weights, best, -1)
    slack = np.take_along_axis(bound, best, -1) + ROOM
    yield within(0.5 + more, top, slack, what="larger weight")
    other = weights.sum(-1, keepdims=True) - top
    yield within(0.5 - more, other, bound.sum(-1, keepdims=True) + ROOM, what="other")


def _centered(dialect: Any, capabilities: Any) -> bool:
    return dialect["default_offset"] == "zero" or "offset" in capabilities


@SIGMOID.law(
    "sigmoid-symmetry",
    "activations.sigmoid",
    nulls=("zeros", "ones"),
    fields={"data": ("quarters", "normal", "spread", "offset_up")},
    applies=_centered,
)
def check_symmetry(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weights of opposite scores, with opposite offsets, sum to one."""
    other = case.replace(scores=-case["scores"])
    if "offset" in bench.capabilities:
        offset = case["offset"] or 0.0
        case, other = case.replace(offset=offset), other.replace(offset=-offset)
    seen = visible(case)
    (one, bound), (two, slack) = pair(case, bench), pair(other, bench)
    yield within(seen * 1.0, one + two, bound + slack + ROOM, what="sum of two")


@SIGMOID.law(
    "sigmoid-offset",
    "activations.sigmoid",
    nulls=("unmoved",),
    needs=("offset",),
    fields={"data": _EXACT, "offset": (2.0, -1.5)},
)
def check_offset(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An offset is added to every score, and to nothing else."""
    offset = case["offset"]
    moved = (case["scores"].astype(np.float64) + offset).astype(case["scores"].dtype)
    plain = case.replace(scores=moved, offset=0.0)
    yield from same(pair(plain, bench), pair(case, bench), f"offset {offset:+g}")


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
    yield from same(
        pair(case, bench), pair(other, bench), "all scores doubled", factor=2.0
    )


@RELU.law(
    "relu-divisor",
    "activations.relu",
    nulls=("zeros", "ones", "undivided"),
    fields={"length": (2, 3, 5, 8, 17)},
)
def check_divisor(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Scores of one have a weight of one over the power of the number of keys."""
    seen = visible(case)
    probe = with_keys(case, np.ones(seen.shape), None)
    count = seen.sum(-1, keepdims=True)
    if bench.dialect["divisor"] == "length":
        count = np.full_like(count, seen.shape[-1])
    power = 1.0 if case["power"] is None else case["power"]
    expected = back(case, np.where(seen, np.maximum(count, 1.0) ** -power, 0.0))
    exact = bench.judged(probe).bound
    yield within(expected, bench.run(probe).output, exact + ROOM, what="weight")


__all__ = [
    "check_differences",
    "check_divisor",
    "check_idempotence",
    "check_offset",
    "check_proportional",
    "check_quotients",
    "check_roots",
    "check_symmetry",
    "check_temperature",
    "check_two_keys",
]
