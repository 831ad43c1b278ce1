"""What is left open is no matter of the function."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.judge.case import Result, settled
from attnspec.kinds.serving.varlen import VARLEN


def _found(number: float) -> Result:
    output = np.array([[1.0], [number]], np.float32)
    return Result(output, {"lse": np.array([2.0, number])})


@pytest.mark.parametrize("number", [0.0, 7.0, np.nan, np.inf])
def test_anything_is_right_where_a_result_is_left_open(number: float) -> None:
    nobody = np.array([False, True])

    told = settled(_found(number), {"output": nobody[:, None], "lse": nobody})

    assert told.output.tolist() == [[1.0], [0.0]]
    assert told.output.dtype == np.float32
    assert told.others["lse"].tolist() == [2.0, 0.0]


def test_one_result_may_be_left_open_alone() -> None:
    told = settled(_found(np.nan), {"lse": np.array([False, True])})

    assert np.isnan(told.output[1])
    assert told.others["lse"].tolist() == [2.0, 0.0]


def test_a_result_that_is_not_asked_for_is_not_settled() -> None:
    found = Result(np.ones(2))

    told = settled(found, {"lse": np.ones(2, np.bool_)})

    assert told.output.tolist() == [1.0, 1.0]
    assert told.others == {}


@pytest.mark.parametrize(
    ("choice", "names"), [("zero", {"lse"}), ("unspecified", {"output", "lse"})]
)
def test_what_is_left_open_is_a_choice(choice: str, names: set[str]) -> None:
    case = VARLEN.case(VARLEN.recipe(behind=1))

    left_open = VARLEN.left_open(case, {**VARLEN.default(), "gap_rows": choice})

    assert set(left_open) == names
    # One row is a sequence, and the one behind it belongs to nobody.
    assert [w.ravel().tolist() for w in left_open.values()] == [[False, True]] * len(
        names
    )
