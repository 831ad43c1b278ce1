from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Verdict, check_implementation
from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.registry import read_recipe
from attnspec.kinds.registry import KINDS
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving import _kv_cache as caches
from attnspec.kinds.serving.kv_cache import KV_CACHE
from attnspec.rogues import ROGUES
from tests.kinds._by_hand import agree, right


def _history(text: str, values: list[float], **options: Any) -> Case:
    """One sequence whose scores are all zero."""
    steps = histories.read(histories.told(text))
    asked = sum(step.number for step in steps if step.what.name == "ATTEND")
    operands = {
        "query": np.zeros((1, 1, asked, 1)),
        "key": np.zeros((1, 1, len(values), 1)),
        "value": np.reshape(values, (1, 1, -1, 1)),
        "steps": histories.in_numbers(steps),
    }
    return caches.sized(Case(operands, options, (), "float64"))


def _column(numbers: list[float]) -> Any:
    return np.reshape(numbers, (1, 1, -1, 1))


def test_each_question_is_answered_by_the_tokens_that_there_are() -> None:
    case = _history("append 1, attend 1, append 2, attend 1", [1.0, 2.0, 6.0])

    assert agree(_column([1.0, 3.0]), right(KV_CACHE, case))


def test_tokens_that_are_taken_back_are_not_seen() -> None:
    case = _history("append 2, back 1, append 1, attend 1", [1.0, 9.0, 3.0])

    assert agree(_column([2.0]), right(KV_CACHE, case))


def test_the_last_query_stands_at_the_last_token() -> None:
    case = _history("append 2, append 1, attend 2", [1.0, 3.0, 8.0], causal=True)

    assert agree(_column([2.0, 4.0]), right(KV_CACHE, case))


def test_two_caches_are_apart() -> None:
    text = "append 1, other, append 1, attend 1, other, attend 1"

    assert agree(_column([5.0, 1.0]), right(KV_CACHE, _history(text, [1.0, 5.0])))


def test_a_cache_without_tokens_answers_by_the_dialect() -> None:
    case = _history("attend 1, append 1, attend 1", [4.0])

    assert agree(_column([0.0, 4.0]), right(KV_CACHE, case))
    assert np.isnan(right(KV_CACHE, case, empty_keys="nan").output[0, 0, 0, 0])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("append 2, back 3, attend 1", "append 2, back 2, attend 1"),
        ("back 1, append 1, attend 4", "append 1, attend 1"),
        ("append 2 5, attend 1 3", "append 2 1, attend 1 1"),
        ("append 3, reset", "append 3, reset, attend 1"),
    ],
)
def test_steps_that_cannot_be_done_are_mended(written: str, expected: str) -> None:
    recipe = KV_CACHE.recipe(steps=histories.told(written), batch=2)

    assert recipe["steps"] == histories.told(expected)


def test_what_is_not_claimed_is_not_done() -> None:
    claims = KV_CACHE.claimed_by(KV_CACHE.definition)
    steps = histories.told("append 5, back 2, attend 2, attend 1, reset, attend 1")
    recipe = KV_CACHE.recipe(steps=steps)

    def drawn(*without: str) -> Any:
        known = claims.claiming(("no_keys",), without)
        return KV_CACHE.table.within(recipe, known)["steps"]

    assert drawn() == steps
    assert ("back", 2) not in drawn("back")
    assert ("reset",) not in drawn("reset")
    alone = drawn("attend_alone")
    assert all(
        alone[n - 1][0] == "append" for n, s in enumerate(alone) if "attend" in s
    )
    assert ("attend", 2) not in drawn("several_queries")
    assert ("attend", 2) in drawn("earlier_queries")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("append 1, append 3, attend 5", "append 1, append 3, attend 3"),
        ("append 5, append 1, attend 2", "append 5, append 1, attend 1"),
        ("append 5, back 2, attend 4", "append 5, back 2, attend 3"),
        ("append 4, append 2 1, attend 3", "append 4, append 2 1, attend 2"),
        ("append 4, append 2 1, attend 3 0", "append 4, append 2 1, attend 3 0"),
        (
            "append 2, other, append 3, other, attend 3",
            "append 2, other, append 3, other, attend 2",
        ),
        ("append 2, reset, attend 2", "append 2, reset, attend 1"),
    ],
)
def test_queries_stand_at_the_tokens_of_the_last_append(
    steps: str, expected: str
) -> None:
    done = histories.read(histories.told(steps))

    found = histories.written(histories.among_the_last(done, 2))

    assert found == histories.told(expected)


@pytest.mark.parametrize(
    "steps", [[["append", 5_000], ["attend", 1]], [["leap", 1]], [["append", -2]]]
)
def test_a_history_that_nobody_draws_is_refused(steps: Any) -> None:
    with pytest.raises(InvalidArgument, match="steps: expected"):
        read_recipe({"fields": {"steps": steps}}, "token", KINDS, "kv-cache")


@pytest.mark.once
@pytest.mark.parametrize(
    ("rogue", "law", "expected"),
    [
        ("from-zero", "agreement", 3),
        ("over-the-last", "chunks", 3),
        ("planned-once", "agreement", 4),
        ("counts-questions", "again", 3),
        ("back-in-vain", "back", 3),
        ("stale-slots", "back", 3),
        ("zeros-kept", "reset", 4),
        ("shared-room", "apart", 4),
    ],
)
def test_the_shortest_history_that_fails_is_found(
    rogue: str, law: str, expected: int
) -> None:
    known = ROGUES[f"kv-cache-{rogue}"]

    report = check_implementation(
        known.fresh(), only=[f"kv-cache-{law}"], tier="smoke", seed=5
    )

    (outcome,) = report.outcomes
    assert outcome.verdict == Verdict.FAILED
    assert outcome.finding is not None
    assert len(outcome.finding.recipe["steps"]) <= expected
