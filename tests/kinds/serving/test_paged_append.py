from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.serving._paged_append import judge
from attnspec.kinds.serving.paged_append import PAGED_APPEND
from attnspec.numerics import default_model
from tests.kinds._by_hand import verdicts


def _appended(**more: Any) -> Case:
    """Two sequences of one and two tokens, in pages of two slots, get two each."""
    new = np.reshape([7.0, 8.0, 9.0, 10.0], (2, 2, 1, 1))
    pages = np.reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan, np.nan], (4, 2, 1, 1))
    operands = {
        "key": new,
        "value": -new,
        "key_pages": pages,
        "value_pages": -pages,
        "table": np.array([[2, 0], [1, 3]]),
        "lengths": np.array([1, 2]),
    }
    return Case(operands, more, (), "float64")


def _pools(case: Case) -> list[list[float]]:
    exact = judge(case, {}, default_model("float64"))
    pools = exact.output, -exact.others["value_pages"][0]
    return [pool.ravel().tolist() for pool in pools]


def test_new_tokens_lie_behind_the_old_ones() -> None:
    key, value = _pools(_appended())

    # Page 2 has a slot left, and page 0 comes next; page 1 is full, page 3 is new.
    assert key == value == [8.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 10.0]


def test_what_gets_no_token_stays_as_it_is() -> None:
    key, value = _pools(_appended(counts=np.array([0, 1])))

    expected = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0, np.nan]
    assert np.array_equal(key, expected, equal_nan=True)
    assert np.array_equal(value, expected, equal_nan=True)


@pytest.mark.parametrize("in_place", [True, False])
def test_pools_are_written_or_returned(in_place: bool) -> None:  # noqa: FBT001
    case = PAGED_APPEND.case(PAGED_APPEND.recipe(in_place=in_place))

    assert [name for name, *_ in case.results] == ["key_pages", "value_pages"]
    assert set(case.writes) == ({"key_pages", "value_pages"} if in_place else set())


def test_sequences_share_the_pages_that_all_of_them_had_filled() -> None:
    recipe = PAGED_APPEND.recipe(
        page=2, lengths=((1, 1), (2, 0)), tokens=3, table="prefix"
    )
    table = PAGED_APPEND.case(recipe)["table"]

    assert table[0, 0] == table[1, 0]
    assert len({*table[0, :3].tolist(), *table[1].tolist()}) == 6


def test_tokens_that_are_not_counted_belong_to_nobody() -> None:
    lengths = ((0, 1), (0, 1), (0, 1))
    recipe = PAGED_APPEND.recipe(
        tokens=5, lengths=lengths, counts=True, poison_key="nan"
    )
    case = PAGED_APPEND.case(recipe)

    nobody = np.arange(5) >= case["counts"][:, None]
    assert case["counts"][0] == 5
    assert np.isnan(case["key"])[:, :, 0, 0].tolist() == nobody.tolist()


def test_a_pool_that_is_copied_on_the_way_is_caught() -> None:
    name = "paged-append-into-a-copy"
    assert verdicts(name) == {"paged-append-strides": Verdict.FAILED}


def test_a_sign_of_zero_that_is_lost_is_caught() -> None:
    name = "paged-append-zero-added"
    assert verdicts(name) == {"paged-append-bits": Verdict.FAILED}
