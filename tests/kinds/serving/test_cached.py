from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict, check_implementation
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving.cached import CACHED
from attnspec.rogues.serving.cached import CONTROLS, ROGUES
from tests.kinds._by_hand import agree, right, verdicts


def _cached(lengths: list[int], new: int = 1, **options: Any) -> Case:
    """Two sequences in rooms 2 and 0 of three; scores are all zero."""
    values = np.arange(12.0).reshape(3, 4, 1, 1)
    tokens = np.full((2, new, 1, 1), 20.0)
    operands = {
        "query": np.zeros((2, new, 1, 1)),
        "key_cache": np.zeros((3, 4, 1, 1)),
        "value_cache": values,
        "lengths": np.array(lengths),
    }
    given = {"key": 0 * tokens, "value": tokens, "slots": np.array([2, 0])}
    facts = {"lengths_are": "before", "standing": None}
    case = Case(operands, {**given, **options}, (), "float64", facts=facts)
    return cached.sized(case, return_lse=True)


def _column(numbers: list[float]) -> Any:
    return np.reshape(numbers, (2, -1, 1, 1))


def test_each_sequence_has_the_mean_of_its_values_and_the_new_one() -> None:
    # The means of 8, 9, 20 and of 20 alone.
    assert agree(_column([37 / 3, 20.0]), right(CACHED, _cached([2, 0])))


def test_a_query_stands_at_its_new_token() -> None:
    found = right(CACHED, _cached([2, 0], new=2, causal=True))

    assert agree(_column([37 / 3, 57 / 4, 20.0, 20.0]), found)


def test_padding_is_not_read() -> None:
    found = right(CACHED, _cached([2, 1], left_pad=np.array([1, 1])))

    assert agree(_column([29 / 2, 20.0]), found)


def test_new_tokens_are_written_behind_the_others_of_their_room() -> None:
    case = _cached([2, 0])

    cache, bound = right(CACHED, case).others["value_cache"]

    assert cache[..., 0, 0].tolist() == [[20, 1, 2, 3], [4, 5, 6, 7], [8, 9, 20, 11]]
    assert not bound.any()
    assert np.argwhere(cached.written(case)).tolist() == [[0, 0], [2, 2]]


@pytest.mark.parametrize(("said", "more"), [("before", 0), ("after", 2), ("last", 1)])
def test_lengths_may_count_the_new_tokens(said: str, more: int) -> None:
    recipe = CACHED.recipe(lengths=(3, 1), new=2, lengths_are=said)

    case = CACHED.case(recipe)

    assert case["lengths"].tolist() == [3 + more, 1 + more]
    assert cached.before(case).tolist() == [3, 1]


def test_choices_say_by_which_row_a_token_is_turned() -> None:
    case = CACHED.case(
        CACHED.recipe(lengths=(3, 1), new=2, rotary="whole", left_pad=True)
    )
    one, two = CACHED.default(), {**CACHED.default(), "query_turn": "all_alike"}
    tokens = {**one, "left_pad_positions": "tokens"}

    assert cached.rows_of(case, one)[0].tolist() == [[3, 4], [1, 2]]
    assert cached.rows_of(case, two)[0].tolist() == [[3, 3], [1, 1]]
    assert cached.rows_of(case, two)[1].tolist() == [[3, 4], [1, 2]]
    assert cached.rows_of(case, tokens)[1].tolist() == [[2, 3], [0, 1]]


def test_what_no_token_has_is_poisoned() -> None:
    recipe = CACHED.recipe(
        lengths=(3, 1), slots="reversed", left_pad=True, poison_key="nan"
    )
    empty = np.isnan(CACHED.case(recipe)["key_cache"]).all(axis=(2, 3))

    # The rooms are those of the second and of the first sequence.
    assert np.argwhere(~empty).tolist() == [[1, 1], [1, 2]]


@pytest.mark.once
@pytest.mark.parametrize("rogue", [each.id for each in ROGUES])
def test_a_rogue_is_caught_by_the_law_that_it_names(rogue: str) -> None:
    assert [*verdicts(rogue).values()] == [Verdict.FAILED]


@pytest.mark.once
@pytest.mark.parametrize(
    ("control", "law"),
    [("one-by-one", "agreement"), ("halves-declared", "rotary"), ("after", "history")],
)
def test_a_control_is_not_accused(control: str, law: str) -> None:
    (known,) = (each for each in CONTROLS if each.id == f"cached-{control}")

    report = check_implementation(
        known.fresh(),
        kind="cached",
        tier="smoke",
        dtypes=("float32",),
        only=[f"cached-{law}"],
    )

    assert report.conforms, report


@pytest.mark.once
@pytest.mark.parametrize("rogue", ["remembers-lengths", "keeps-slots"])
def test_the_shortest_history_that_fails_is_found(rogue: str) -> None:
    (known,) = (each for each in ROGUES if each.id == f"cached-{rogue}")

    report = check_implementation(
        known.fresh(), kind="cached", tier="smoke", only=["cached-history"]
    )

    (outcome,) = report.outcomes
    assert outcome.finding is not None
    assert len(outcome.finding.recipe["steps"]) <= 3


@pytest.mark.parametrize(
    ("claim", "step", "left"),
    [
        ("several_new", ("append", 3), (("append", 1),)),
        ("nothing_new", ("attend", 2), ()),
    ],
)
def test_a_history_brings_no_more_than_is_claimed(
    claim: str, step: tuple[str, int], left: Any
) -> None:
    everything = frozenset(CACHED.abilities)
    recipe = CACHED.recipe(new=1, lengths=(2, 1), steps=(step, ("back", 1)))

    for claims, steps in (
        (everything, (step, ("back", 1))),
        (everything - {claim}, (*left, ("back", 1))),
    ):
        found = CACHED.table.within(recipe, Capabilities(claims=claims))
        assert found["steps"] == steps
