from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance.call import InProcess
from attnspec.conformance.worker import Worker, python_server
from attnspec.conformance.written import taken
from attnspec.judge.case import Case, Result, Write
from tests.conformance import _kernels

Call = Callable[[Case], Result]

X = np.arange(6.0).reshape(3, 2)
ROWS = np.array([True, False, True])
WAYS = ("nothing", "all", "other")
RESULTS = (("output", X.shape, "float64"),)


def _case(which: str, where: Array | None = None, layout: str = "contiguous") -> Case:
    """A call that writes into its first argument, in the way that is named."""
    operands = {"x": X, "y": np.ones(3), "which": np.array([WAYS.index(which)])}
    writes = {"x": Write("output", where)}
    return Case(operands, {}, RESULTS, "float64", {"x": layout}, writes=writes)


@pytest.fixture(params=["here", "in a process"])
def call(request: pytest.FixtureRequest) -> Iterator[Call]:
    if request.param == "here":
        yield InProcess(_kernels.writes)
        return
    target = f"{Path(_kernels.__file__)}:writes"
    opening = {"kind": "attention", "target": target, "arrays": "numpy"}
    worker = Worker(python_server(), opening, prepared=True)
    worker.start()
    yield worker
    worker.close()


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "sliced", "offset"])
def test_what_is_written_is_the_result(call: Call, layout: str) -> None:
    found = call(_case("all", layout=layout))

    np.testing.assert_array_equal(X + 1, found.output)
    assert found.mutated == ()


def test_what_is_written_elsewhere_is_changed(call: Call) -> None:
    found = call(_case("all", ROWS[:, None]))
    other = call(_case("other"))

    assert found.mutated == ("x",)
    assert other.mutated == ("y",)


def test_what_may_be_written_may_stay_as_it_was(call: Call) -> None:
    found = call(_case("nothing", ROWS[:, None]))

    np.testing.assert_array_equal(X, found.output)
    assert found.mutated == ()


def test_the_bits_of_nan_are_put_back() -> None:
    before = np.array([1, 2, 0x7FF8000000000001, 0xFFF8000000000123], np.uint64)
    case = Case({"x": before.view(np.float64)}, {}, RESULTS, "float64")
    case = case.replace(writes={"x": Write("output")})
    now = np.zeros(4)

    found = taken(case, lambda _: now)

    assert not found["output"].any()
    assert now.tobytes() == before.tobytes()
