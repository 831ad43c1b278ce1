from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.judge.case import Case
from attnspec.kinds.training.varlen_gradient import VARLEN_GRADIENT
from attnspec.numerics import within
from tests.kinds._by_hand import right, verdicts

VALUES = [1.0, 3.0, 5.0, 9.0]
"""The values of four keys, whose scores are all zero."""


def _packed(cu_query: list[int], cu_key: list[int], **options: Any) -> Case:
    """One head of width 1 whose scores are all zero, and a cotangent of one."""
    rows = max(cu_query[-1], 1)
    operands: dict[str, Any] = {
        "query": np.ones((rows, 1, 1)),
        "key": np.zeros((4, 1, 1)),
        "value": np.reshape(VALUES, (4, 1, 1)),
        "d_output": np.ones((rows, 1, 1)),
        "cu_query": np.array(cu_query, np.int32),
        "cu_key": np.array(cu_key, np.int32),
        "max_query": 4,
        "max_key": 4,
    }
    return Case(operands, options, (), "float64")


def _is(expected: list[float], found: tuple[Any, Any]) -> bool:
    value, bound = found
    return within(np.reshape(expected, value.shape), value, bound).holds


def test_each_sequence_has_gradients_of_its_own() -> None:
    found = right(VARLEN_GRADIENT, _packed([0, 1, 2], [0, 2, 4]))

    # Two weights of a half, and values one and two beside their mean.
    assert _is([0.0, 0.0], (found.output, found.bound))
    assert _is([-0.5, 0.5, -1.0, 1.0], found.others["dk"])
    assert _is([0.5, 0.5, 0.5, 0.5], found.others["dv"])


def test_what_belongs_to_nobody_has_a_gradient_of_exactly_zero() -> None:
    case = _packed([0, 2], [0, 3], used_key=np.array([2], np.int32))

    found = right(VARLEN_GRADIENT, case)

    for value, bound in (found.others["dk"], found.others["dv"]):
        assert not value[2:].any()
        assert not bound[2:].any()


def test_causality_counts_from_the_last_key_of_a_sequence() -> None:
    case = _packed([0, 0, 1], [0, 1, 4], causal=True)

    assert _is([0.0, *[1 / 3] * 3], right(VARLEN_GRADIENT, case).others["dv"])
    first = right(VARLEN_GRADIENT, case, alignment="upper_left")
    assert _is([0.0, 1.0, 0.0, 0.0], first.others["dv"])


def test_the_gradient_of_a_sink_sums_all_sequences() -> None:
    sink = np.array([np.log(2.0)])

    found = right(VARLEN_GRADIENT, _packed([0, 1, 2], [0, 2, 4], sink=sink))

    # It has half of the weight, and takes away from outputs of 1 and 3.5.
    assert _is([-0.5 - 1.75], found.others["dsink"])


def test_cotangents_of_nobody_are_poisoned() -> None:
    case = VARLEN_GRADIENT.case(
        VARLEN_GRADIENT.recipe(lengths=((1, 2),), behind=2, poison_output="nan")
    )

    assert np.isnan(case["d_output"]).all((1, 2)).tolist() == [False, True, True]
    assert np.isfinite(right(VARLEN_GRADIENT, case).output).all()


@pytest.mark.once
@pytest.mark.parametrize(
    ("rogue", "law"),
    [("gap-unwritten", "nobody"), ("sink-of-the-last", "sink")],
)
def test_wrong_gradients_are_caught(rogue: str, law: str) -> None:
    failed = [n for n, v in verdicts(f"varlen-back-{rogue}").items() if not v.conforms]

    assert failed == [f"varlen-gradient-{law}"]
