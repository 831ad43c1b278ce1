from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.judge.law import Exact
from attnspec.kinds.serving._merge_all import of
from attnspec.kinds.serving.merge_all import MERGE_ALL
from attnspec.numerics import default_model, within
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import right, verdicts

EMPTY = -math.inf


def _parts(outputs: list[float], lses: list[float]) -> Case:
    """One row of one head and one entry."""
    shape = 1, len(outputs), 1
    return of(np.reshape(outputs, (*shape, 1)), np.reshape(lses, shape), "float64")


def _is(output: float, lse: float, found: Exact) -> bool:
    value, bound = found.others["lse"]
    known = within(np.full((1, 1), lse), value, bound).holds
    return known and within(np.full((1, 1, 1), output), found.output, found.bound).holds


def test_each_part_counts_by_the_exponential_of_its_logsumexp() -> None:
    # One key, two keys and five keys: the shares are 1/8, 2/8 and 5/8.
    case = _parts([8.0, 4.0, 1.6], [0.0, math.log(2.0), math.log(5.0)])

    assert _is(3.0, math.log(8.0), right(MERGE_ALL, case))


def test_to_base_two_a_difference_of_one_is_a_factor_of_two() -> None:
    case = _parts([3.0, 9.0, 5.0], [0.0, 1.0, 0.0])

    assert _is(6.5, 2.0, right(MERGE_ALL, case, base="2"))


def test_an_empty_part_has_no_influence_whatever_it_holds() -> None:
    case = _parts([math.nan, 4.0, 1e300], [EMPTY, 2.0, math.inf])

    assert _is(4.0, 2.0, right(MERGE_ALL, case))


def test_a_sink_counts_once() -> None:
    # A part of the logsumexp of a sink, and without an output.
    case = _parts([0.0, 6.0, 6.0], [0.0, 0.0, 0.0])

    assert _is(4.0, math.log(3.0), right(MERGE_ALL, case))


def test_what_parts_without_keys_make_is_a_choice() -> None:
    case = _parts([5.0, 7.0, 9.0], [EMPTY] * 3)
    nan = right(MERGE_ALL, case, all_empty="nan", empty_lse="nan")

    assert _is(0.0, EMPTY, right(MERGE_ALL, case))
    assert _is(math.nan, math.nan, nan)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["at-once", "fold", "from-the-last", "binary"])
def test_the_bound_has_room_for_every_way_of_computing(name: str, dtype: str) -> None:
    control = CONTROLS[f"merge-all-{name}"].implementation
    function: Callable[..., Any] = control.function
    ratios = []
    for spread in (0.0, 1.0, 30.0, 10_000.0):
        for offset in (0.0, 500.0, -50_000.0):
            fields = {"rows": 33, "parts": 17, "heads": 3, "width": 4}
            recipe = MERGE_ALL.recipe(
                dtype, seed=7, data="normal", spread=spread, offset=offset, **fields
            )
            case = MERGE_ALL.case(recipe)
            exact = MERGE_ALL.judge(
                case, control.description.dialect, default_model(dtype)
            )
            output, lse = function(*case.operands.values())
            value, bound = exact.others["lse"]
            ratios.append(within(exact.output, output, exact.bound).ratio)
            ratios.append(within(value, lse, bound).ratio)

    assert max(ratios) < 0.5


def test_rows_that_16_bits_do_not_count_are_asked_for() -> None:
    found = verdicts("merge-all-rows-in-16-bits")

    assert found == {"merge-all-many-rows": Verdict.FAILED}


def test_sums_below_different_peaks_are_caught() -> None:
    assert verdicts("merge-all-not-rescaled") == {"merge-all-order": Verdict.FAILED}
