"""The usual rules say what they say in the field, and are counted right."""

from __future__ import annotations

import csv
import itertools
import pathlib
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation
from attnspec.rogues import CONTROLS, ROGUES, Control, Rogue, find
from attnspec.rogues._usual_tests import USUAL, Answers, right_answers
from attnspec.rogues.matrix import kill_matrix
from attnspec.rogues.rules import (
    RULES,
    Score,
    as_csv,
    attention_entries,
    judged,
    score_of,
    scores,
    table,
)
from tests._in_ci import IN_CI

BOOK = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "usual_rules.csv"

RIGHT = np.linspace(0.5, 1.5, 200)


def _says(name: str, actual: Any, dtype: str = "float32") -> bool:
    """Return what a rule says beside a plain run that is off by 2**-5 once."""
    plain = RIGHT.copy()
    plain[0] += 2.0**-5
    return RULES[name](Answers(np.asarray(actual), RIGHT, RIGHT, plain, dtype))


def _off(count: int, error: float) -> Any:
    """Return the right answer with an error in its first elements."""
    actual = RIGHT.copy()
    actual[:count] += error
    return actual


@pytest.mark.parametrize("name", RULES)
def test_a_rule_accepts_the_exact_output_and_rejects_zeros(name: str) -> None:
    assert _says(name, RIGHT)
    assert not _says(name, 0 * RIGHT)


@pytest.mark.parametrize("name", RULES)
def test_no_rule_accepts_an_output_of_nan(name: str) -> None:
    assert not _says(name, np.full_like(RIGHT, np.nan))


@pytest.mark.parametrize(
    ("name", "within", "beyond"),
    [
        ("allclose, 1e-2", 0.0149, 0.0151),
        ("allclose, 1e-3", 0.00149, 0.00151),
        ("assert_close, defaults of torch", 1.06e-5, 1.07e-5),
        ("twice the error of a plain run", 0.0625, 0.0626),
    ],
)
def test_the_largest_error_of_a_rule_is_that_of_the_field(
    name: str, within: float, beyond: float
) -> None:
    assert _says(name, _off(1, within))
    assert not _says(name, _off(1, beyond))


def test_the_defaults_of_a_format_are_its_own() -> None:
    name = "assert_close, defaults of torch"

    found = [
        [_says(name, _off(200, error), dtype) for error in (5e-8, 2e-4, 5e-3)]
        for dtype in ("float64", "float16", "bfloat16")
    ]

    assert found == [[True, False, False], [True, True, False], [True, True, True]]


def test_two_elements_of_two_hundred_may_be_wrong_and_three_may_not() -> None:
    name = "99 % of elements within 1e-2"

    assert _says(name, _off(2, 100.0))
    assert not _says(name, _off(3, 100.0))


def test_the_cosine_does_not_see_a_factor() -> None:
    assert _says("cosine above 0.99", 7 * RIGHT)
    assert not _says("cosine above 0.99", -RIGHT)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("test", USUAL)
def test_the_plain_run_is_off_and_within_twice_its_own_error(
    test: Any, dtype: str
) -> None:
    known = right_answers(test, dtype)

    assert (known.plain != known.exact).any()
    assert RULES["twice the error of a plain run"](known._replace(actual=known.plain))
    assert RULES["allclose, 1e-2"](known._replace(actual=known.plain))


def test_a_kernel_that_raises_is_accepted_by_no_rule() -> None:
    def raising(*_operands: Any, **_options: Any) -> Any:
        raise SystemExit

    entry = Control("raising", "It raises.", Implementation.of(raising))

    assert not any(judged(entry).values())


def test_a_kernel_is_asked_in_its_formats_and_for_its_claims_alone() -> None:
    asked = []

    def asking(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        asked.append((query.dtype.name, query.shape == key.shape, causal))
        return value

    judged(Control("x", "It asks.", Implementation.of(asking, dtypes=("float16",))))

    assert asked == [
        ("float16", True, False),
        ("float16", True, True),
        ("float16", False, False),
    ]


def test_a_score_counts_rogues_that_are_caught_and_controls_that_are_refused() -> None:
    accepted = {
        "zeros": False,
        "mask-lost-at-48": True,
        "plain": True,
        "tile-80": False,
    }

    assert Score.of("mine", accepted) == Score("mine", 1, 2, 1, 2)


def test_a_kill_matrix_is_scored_as_a_rule_is() -> None:
    matrix = kill_matrix(rogues=["zeros"], invariants=(), workers=1)

    assert score_of(matrix) == Score("attnspec", 1, 1, 0, 0)


def test_a_table_and_a_csv_have_a_line_for_each_score() -> None:
    found = scores(["zeros", "plain"])

    assert len(table(found).splitlines()) == len(RULES) + 1
    assert as_csv(found).splitlines()[1:] == [
        f'"{rule}",1,1,0,1' if "," in rule else f"{rule},1,1,0,1" for rule in RULES
    ]
    assert max(map(len, table(found).splitlines())) <= 80


def test_what_is_scored_by_default_is_all_of_attention() -> None:
    found = {entry.id for entry in attention_entries()}

    assert found <= {*ROGUES, *CONTROLS}
    assert "zeros" in found
    assert not [id for id in found if id.startswith("rope-")]  # noqa: A001 - the field's name
    assert attention_entries(["plain"]) == [find("plain")]


def _in_book() -> dict[str, Score]:
    with BOOK.open(encoding="utf-8", newline="") as file:
        rows = [(rule, *map(int, counts)) for rule, *counts in [*csv.reader(file)][1:]]
    return {score.rule: score for score in itertools.starmap(Score, rows)}


def test_the_book_counts_the_rogues_and_controls_of_today() -> None:
    entries = attention_entries()
    rogues = sum(isinstance(entry, Rogue) for entry in entries)
    found = _in_book()

    assert [*found] == [*RULES, "attnspec"]
    assert {(score.rogues, score.controls) for score in found.values()} == {
        (rogues, len(entries) - rogues)
    }


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(IN_CI, reason="a minute for figures that rogues alone can change")
def test_the_scores_of_the_rules_in_the_book_are_those_of_today() -> None:
    known = _in_book()

    assert [*scores()] == [known[rule] for rule in RULES]
