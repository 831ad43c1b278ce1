from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.judge.law import Exact
from attnspec.kinds.serving.padded import PADDED
from tests.kinds._by_hand import right, verdicts


def _padded(queries: int, **options: Any) -> Case:
    """Two sequences of four keys, one head of width 1, whose scores are all zero."""
    operands = {
        "query": np.zeros((2, 1, queries, 1)),
        "key": np.zeros((2, 1, 4, 1)),
        "value": np.reshape([1.0, 3.0, 5.0, 9.0] * 2, (2, 1, 4, 1)),
    }
    shape = 2, 1, queries
    results = (("output", (*shape, 1), "float64"), ("lse", shape, None))
    given = {
        name: np.array(value) if name.endswith("lengths") else value
        for name, value in options.items()
    }
    return Case(operands, given, results, "float64")


def _is(expected: list[float], found: Exact) -> bool:
    """Whether outputs derived by hand lie within the bound."""
    return bool((np.abs(found.output.ravel() - expected) <= found.bound.ravel()).all())


def test_each_sequence_has_the_mean_of_its_own_keys() -> None:
    assert _is([2.0, 3.0], right(PADDED, _padded(1, key_lengths=[2, 3])))


def test_a_length_may_be_the_place_of_the_last_key() -> None:
    case = _padded(1, key_lengths=[2, 3])

    assert _is([3.0, 4.5], right(PADDED, case, length="last"))


def test_a_length_beyond_the_keys_is_never_asked_for() -> None:
    with pytest.raises(Inadmissible, match="a length beyond the keys"):
        right(PADDED, _padded(1, key_lengths=[2, 4]), length="last")


@pytest.mark.parametrize(
    ("frontier", "expected"),
    [
        # One of two queries, and three of four keys: the query stands at the last.
        ("lengths", 3.0),
        # The second row of the queries would stand there.
        ("queries", 2.0),
        ("start", 1.0),
        ("sizes", 3.0),
    ],
)
def test_where_a_query_stands_is_a_choice(frontier: str, expected: float) -> None:
    lengths = {"query_lengths": [1, 0], "key_lengths": [3, 4]}
    case = _padded(2, causal=True, **lengths)

    found = right(PADDED, case, frontier=frontier)

    assert _is([expected, 0.0, 0.0, 0.0], found)


def test_a_query_without_keys_may_have_the_mean_of_the_padding() -> None:
    case = _padded(1, key_lengths=[0, 4])
    zeros = case.replace(value=case["value"] * [[[[0.0]]], [[[1.0]]]])

    assert _is([0.0, 4.5], right(PADDED, case))
    assert _is([0.0, 4.5], right(PADDED, zeros, no_keys="mean"))
    with pytest.raises(Inadmissible, match="a mean of what is padded"):
        right(PADDED, case, no_keys="mean")


def test_one_number_is_the_length_of_all() -> None:
    assert _is([2.0, 2.0], right(PADDED, _padded(1, key_lengths=[2])))


def test_a_mask_of_fewer_keys_hides_the_others() -> None:
    mask = np.ones((2, 1, 1, 3), np.bool_)

    assert _is([3.0, 3.0], right(PADDED, _padded(1, mask=mask)))


def test_padding_is_poisoned() -> None:
    recipe = PADDED.recipe(
        lengths=((1, 2), (1, 1)),
        key_lengths=True,
        more_keys=1,
        poison_key="nan",
        poison_value="large",
    )
    case = PADDED.case(recipe)

    past = [[False, False, True], [False, True, True]]
    assert np.isnan(case["key"])[:, 0, :, 0].tolist() == past
    assert (np.abs(case["value"]) > 100.0)[:, 0, :, 0].tolist() == past
    assert np.isfinite(right(PADDED, case).output).all()


def test_lengths_that_count_only_together_are_caught() -> None:
    assert verdicts("padded-unless-both") == {"padded-keys-alone": Verdict.FAILED}


def test_a_length_lost_for_a_single_sequence_is_caught() -> None:
    assert verdicts("padded-dropped-alone") == {"padded-single": Verdict.FAILED}
