from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.serving.paged import PAGED
from tests.kinds._by_hand import agree, right, verdicts


def _paged(lengths: list[int], queries: int = 1, **options: Any) -> Case:
    """Two sequences that share page 2 of three, of two slots; scores are all zero."""
    operands = {
        "query": np.zeros((2, queries, 1, 1)),
        "key_pages": np.zeros((3, 2, 1, 1)),
        "value_pages": np.reshape([1.0, 3.0, 5.0, 7.0, 9.0, 11.0], (3, 2, 1, 1)),
        "table": np.array([[2, 0], [2, 1]]),
        "lengths": np.array(lengths),
    }
    results = (
        ("output", (2, queries, 1, 1), "float64"),
        ("lse", (2, 1, queries), None),
    )
    return Case(operands, options, results, "float64")


def _column(numbers: list[float]) -> Any:
    return np.reshape(numbers, (2, -1, 1, 1))


def test_each_sequence_has_the_mean_of_the_values_in_its_pages() -> None:
    # The means of 9, 11, 1 and of 9, 11, 5, 7.
    assert agree(_column([7.0, 8.0]), right(PAGED, _paged([3, 4])))


def test_the_last_query_stands_at_the_last_token() -> None:
    case = _paged([3, 4], queries=2, causal=True)

    assert agree(_column([10.0, 7.0, 25 / 3, 8.0]), right(PAGED, case))


def test_the_first_query_may_stand_at_the_first_token() -> None:
    case = _paged([3, 4], queries=2, causal=True)

    found = right(PAGED, case, alignment="upper_left")

    assert agree(_column([9.0, 10.0, 9.0, 10.0]), found)


def test_a_sequence_without_tokens_is_answered_by_zero() -> None:
    found = right(PAGED, _paged([0, 1]), empty_lse="plus_infinity")

    assert agree(_column([0.0, 9.0]), found)
    assert found.others["lse"][0].ravel().tolist() == [np.inf, 0.0]


@pytest.mark.parametrize(
    ("past", "entries"), [("zero", 0), ("last", 4), ("negative", -1), ("stale", 3)]
)
def test_entries_behind_the_last_page_are_drawn(past: str, entries: int) -> None:
    recipe = PAGED.recipe(
        page=2,
        lengths=((0, 1), (1, 1)),
        table="reversed",
        spare=2,
        more_entries=1,
        past=past,
    )
    case = PAGED.case(recipe)

    assert case["table"].tolist()[0] == [4, entries, entries]
    assert case["lengths"].tolist() == [1, 3]


def test_sequences_share_the_pages_that_all_of_them_fill() -> None:
    recipe = PAGED.recipe(page=2, lengths=((2, 1), (1, 1), (3, 0)), table="prefix")
    table = PAGED.case(recipe)["table"]

    assert len(set(table[:, 0])) == 1
    assert len({*table[:, 1].tolist(), *table[0], *table[2]}) == 6


def test_slots_without_a_token_are_poisoned() -> None:
    recipe = PAGED.recipe(
        page=2,
        lengths=((0, 1), (1, 0)),
        spare=1,
        poison_key="nan",
        poison_value="large",
    )
    case = PAGED.case(recipe)

    nobody = [[False, True], [False, False], [True, True]]
    assert np.isnan(case["key_pages"])[..., 0, 0].tolist() == nobody
    assert (np.abs(case["value_pages"]) > 100.0)[..., 0, 0].tolist() == nobody
    assert np.isfinite(right(PAGED, case).output).all()


def test_a_layout_that_is_guessed_from_the_shape_is_caught() -> None:
    assert verdicts("paged-guessed-layout") == {"paged-square": Verdict.FAILED}


def test_a_page_that_only_its_first_owner_reads_is_caught() -> None:
    assert verdicts("paged-owners-alone") == {"paged-shared": Verdict.FAILED}


def test_a_function_without_logsumexps_need_not_exclude_wrong_ones() -> None:
    law = PAGED.laws["paged-no-keys"]
    claims = PAGED.claimed_by(PAGED.definition)

    silent = claims.claiming(without=("return_lse",))

    assert PAGED.tellable(law, PAGED.checked(claims)) == ("ones", "zeros:lse")
    assert PAGED.tellable(law, PAGED.checked(silent)) == ("ones",)


def test_a_window_leaves_holes_in_the_table() -> None:
    lengths = ((3, 1), (1, 1), (2, 0))
    recipe = PAGED.recipe(page=2, lengths=lengths, holes=True, window=(1, 0))
    case = PAGED.case(recipe)

    assert (case["table"] == -1).sum(axis=1).tolist() == [2, 0, 1]
    assert np.isfinite(right(PAGED, case).output).all()
