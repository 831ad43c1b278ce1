"""The logistic function of each score: the kind `sigmoid`, and its laws."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

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
from attnspec.reference import sigmoid


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Take the logistic function of each score and the offset.

    The form with a hyperbolic tangent is off by a few units of one, however small
    the weight is, and it is a right one.
    """
    seen = rows.visible(case)
    scores, offset = shown(case, seen, model), case["offset"]
    if offset is None and choices.get("default_offset") == "minus_log_length":
        # A library's logarithm may be off by four units.
        x = scores + scores.like(-math.log(max(1, seen.shape[-1]))).rounding(4.0)
    else:
        x = scores + (offset or 0.0)
    # Each form has no exponential above 1: none overflows.
    below = x.value < 0
    power = x.where(below, -x).exp()
    whole = power + 1.0
    weights = (power / whole).where(below, power.like(1.0) / whole)
    # A tangent is off by 4 u, 1 plus it by 2 u, half of both is 3 u; the rest is room.
    slack = weights.error + 8.0 * weights.unit
    weights = dataclasses.replace(weights, error=slack).where(seen, 0.0)
    return finished(weights, seen, case, {}, model)


def _defined(
    scores: Array, *, mask: Array | None = None, axis: int = -1, offset: float = 0.0
) -> Array:
    """Judge each key alone."""
    return rows.along(sigmoid, scores, axis, mask, offset=offset)


SIGMOID = normalizer(
    "sigmoid",
    "Weighs each key by the logistic function of its score.",
    _judge,
    _defined,
    usage=usage.SIGMOID,
    keywords={
        "offset": Keyword(
            "a number that is added to the scores", (None, 0.0, -1.5, 2.0), "unmoved"
        )
    },
    choices={"default_offset": ("zero", "minus_log_length")},
    probes=(rows.PLAIN_PROBE,),
)


SIGMOID.agreement_law(
    "activations.sigmoid",
    "A weight is the logistic function of its score and the offset.",
    nulls=("zeros", "uniform", "unmasked", "unmoved"),
)


def _no_offset_of_its_own(dialect: Any, _capabilities: object) -> bool:
    """Return whether an offset that is not given is 0: others depend on the length."""
    return bool(dialect["default_offset"] == "zero")


hold_to(
    SIGMOID,
    ("weights", "order", "hidden", "alone", "padding", "merge", "monotone"),
    applies={"padding": _no_offset_of_its_own, "merge": _no_offset_of_its_own},
)


def _centered(dialect: Any, capabilities: Any) -> bool:
    """Return whether there is an offset of 0, or one can be given."""
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
    seen = rows.visible(case)
    (one, bound), (two, slack) = rows.pair(case, bench), rows.pair(other, bench)
    yield within(seen * 1.0, one + two, bound + slack + rows.ROOM, what="sum of two")


@SIGMOID.law(
    "sigmoid-offset",
    "activations.sigmoid",
    nulls=("unmoved",),
    needs=("offset",),
    fields={"data": rows.EXACT_DATA, "offset": (2.0, -1.5)},
)
def check_offset(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An offset is added to every score, and to nothing else."""
    offset = case["offset"]
    moved = (case["scores"].astype(np.float64) + offset).astype(case["scores"].dtype)
    plain = case.replace(scores=moved, offset=0.0)
    yield from rows.same(
        rows.pair(plain, bench), rows.pair(case, bench), f"offset {offset:+g}"
    )


__all__ = ["SIGMOID"]
