from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.judge.case import Case
from attnspec.judge.law import Exact
from attnspec.kinds.serving.merge import MERGE
from attnspec.numerics import default_model, within
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import agree, case_of, right, verdicts

EMPTY = -math.inf


def _merged(a: float, lse_a: float, b: float, lse_b: float) -> Case:
    """One row of one head and one entry."""
    numbers = {"output_a": a, "lse_a": lse_a, "output_b": b, "lse_b": lse_b}
    shapes = {"output": (1, 1, 1), "lse": (1, 1)}
    operands = {n: np.full(shapes[n[:-2]], x) for n, x in numbers.items()}
    case = case_of(shapes["output"], operands)
    return case.replace(results=(*case.results, ("lse", shapes["lse"], None)))


def _agrees(output: float, lse: float, found: Exact) -> bool:
    value, bound = found.others["lse"]
    known = within(np.full((1, 1), lse), value, bound).holds
    return agree([[[output]]], found) and known


def test_each_part_counts_by_the_exponential_of_its_logsumexp() -> None:
    # One key beside three: a quarter of 4, and three quarters of 8.
    case = _merged(4.0, 0.0, 8.0, math.log(3.0))

    assert _agrees(7.0, math.log(4.0), right(MERGE, case))


def test_to_base_two_a_difference_of_one_is_a_factor_of_two() -> None:
    case = _merged(3.0, 0.0, 9.0, 1.0)

    assert _agrees(7.0, math.log2(3.0), right(MERGE, case, base="2"))


def test_an_empty_part_has_no_influence_whatever_it_holds() -> None:
    assert _agrees(4.0, 2.0, right(MERGE, _merged(4.0, 2.0, math.nan, EMPTY)))
    assert _agrees(4.0, 2.0, right(MERGE, _merged(1e300, math.inf, 4.0, 2.0)))


def test_what_two_empty_parts_make_is_a_choice() -> None:
    case = _merged(5.0, EMPTY, 7.0, EMPTY)
    found = right(MERGE, case)
    nan = right(MERGE, case, all_empty="nan", empty_lse="nan")

    assert found.output == 0.0
    assert found.others["lse"][0] == EMPTY
    assert right(MERGE, case, all_empty="first").output == 5.0
    assert np.isnan(nan.output).all()
    assert np.isnan(nan.others["lse"][0]).all()


def test_an_offset_of_both_logsumexps_costs_accuracy() -> None:
    near = right(MERGE, _merged(4.0, 0.0, 8.0, 0.0))
    far = right(MERGE, _merged(4.0, 50_000.0, 8.0, 50_000.0))

    assert far.bound > 1e3 * near.bound


def _recipes(dtype: str) -> list[Case]:
    """Cases far from zero, and far from each other."""
    fields: dict[str, Any] = {"rows": 33, "heads": 3, "width": 4, "data": "unlike"}
    return [
        MERGE.case(MERGE.recipe(dtype, seed=7, spread=spread, offset=offset, **fields))
        for spread in (0.0, 1.0, 30.0, 10_000.0)
        for offset in (0.0, 500.0, -50_000.0)
    ]


def _ratio(expected: npt.NDArray[Any], found: Any, bound: npt.NDArray[Any]) -> float:
    return within(expected, np.asarray(found), bound).ratio


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [n for n in CONTROLS if n.startswith("merge-by-")])
def test_the_bound_has_room_for_every_way_of_computing(name: str, dtype: str) -> None:
    function: Callable[..., Any] = CONTROLS[name].implementation.function
    ratios = []
    for case in _recipes(dtype):
        exact = MERGE.judge(case, MERGE.default(), default_model(dtype))
        output, lse = function(*case.operands.values())
        ratios.append(_ratio(exact.output, output, exact.bound))
        ratios.append(_ratio(exact.others["lse"][0], lse, exact.others["lse"][1]))

    assert max(ratios) < 0.5


def _by_logaddexp(
    output_a: npt.NDArray[Any],
    lse_a: npt.NDArray[Any],
    output_b: npt.NDArray[Any],
    lse_b: npt.NDArray[Any],
) -> Any:
    """The plainest merge: without a guard against minus infinity less itself."""
    with np.errstate(invalid="ignore"):
        lse = np.logaddexp(lse_a, lse_b)
        one, two = np.exp(lse_a - lse), np.exp(lse_b - lse)
    output = one[..., None] * output_a + two[..., None] * output_b
    return output.astype(output_a.dtype), lse


def test_what_a_function_makes_of_nothing_is_found_out() -> None:
    plain = Implementation.of(_by_logaddexp, kind="merge")

    report = check_implementation(plain, tier="smoke")

    assert report.conforms
    assert report.detected.dialect == {
        "base": "e",
        "all_empty": "nan",
        "empty_lse": "minus_infinity",
    }


def test_a_function_that_is_never_given_an_empty_part_is_not_asked() -> None:
    plain = Implementation.of(_by_logaddexp, kind="merge", without=("empty",))

    report = check_implementation(plain, tier="smoke")
    unsupported = {
        o.invariant for o in report.outcomes if o.verdict is Verdict.UNSUPPORTED
    }

    assert report.conforms
    assert report.detected.sources == {"base": "detected"}
    of_empty = {"merge-neutral", "merge-unread", "merge-empty"}
    assert unsupported == {*of_empty, "merge-in-place", "merge-rows-kept"}


def test_the_logsumexp_of_the_larger_part_alone_is_caught() -> None:
    assert verdicts("merge-larger-for-both") == {"merge-twins": Verdict.FAILED}


@pytest.mark.parametrize(
    ("rogue", "law"),
    [
        ("lse-read-again", "in-place"),
        ("scratch", "in-place"),
        ("all-rows", "rows-kept"),
    ],
)
def test_what_is_written_in_the_wrong_place_is_caught(rogue: str, law: str) -> None:
    assert verdicts(f"merge-{rogue}") == {f"merge-{law}": Verdict.FAILED}


def test_rows_that_are_not_merged_have_what_they_had() -> None:
    case = _merged(4.0, 0.0, 8.0, math.log(3.0)).replace(rows=np.array([False]))

    found = right(MERGE, case)

    assert _agrees(4.0, 0.0, found)
    assert not found.bound.any()
