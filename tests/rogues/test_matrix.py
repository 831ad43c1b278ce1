"""The kill matrix counts right, for our judge and for others."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.kernels import tiled_attention
from attnspec.kinds.registry import KINDS
from attnspec.rogues import CONTROLS, ROGUES
from attnspec.rogues.matrix import Task, kill_matrix, run

FEW = ("zeros", "heads-tiled", "causal-strict")


def _one_friendly_shape(kernel: Any) -> bool:
    """Check a kernel as most are checked: normal numbers, no option, one shape."""
    draw = np.random.default_rng(0)
    query, key, value = draw.normal(size=(3, 2, 2, 64, 64)).astype(np.float32)
    expected = tiled_attention(query, key, value)
    return bool(np.abs(kernel(query, key, value) - expected).max() < 2.0**-7)


def test_a_matrix_holds_when_every_rogue_is_caught() -> None:
    matrix = kill_matrix(rogues=FEW, invariants=(), workers=1)
    assert matrix.holds
    assert "3 of 3 rogues caught" in matrix.text()


def test_the_first_seed_shows_other_invariants_and_the_second_the_named_one() -> None:
    laws = ["row-sums", "agreement"]
    first, second = kill_matrix(
        (0, 1), rogues=["zeros"], invariants=laws, workers=1
    ).rows
    assert set(first.verdicts) == {"agreement", "row-sums"}
    assert set(second.verdicts) == {"agreement"}


def test_a_rogue_can_be_shown_to_the_named_invariant_alone() -> None:
    (row,) = kill_matrix(rogues=["zeros"], named=True, workers=1).rows
    assert set(row.verdicts) == {"agreement"}
    assert row.right


def test_a_control_may_be_shown_to_every_sixth_invariant_in_one_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []

    def noted(stands: Any, laws: Any, **wishes: Any) -> list[Any]:
        asked.extend((law.id, dtype) for law in laws for dtype in stands)
        return []

    laws = tuple(KINDS["softmax"].laws)
    formats = CONTROLS["softmax-online"].implementation.description.capabilities.dtypes
    monkeypatch.setattr("attnspec.rogues.matrix.outcomes", noted)
    for seed in range(6 * len(formats)):
        known = len(asked)
        run(Task("softmax-online", seed, "smoke", None, checker=None, in_turn=True))
        shown = [law for law, _ in asked[known:]]
        assert len({*shown}) == len(shown)
        assert len(shown) in (len(laws) // 6, -(-len(laws) // 6))

    assert sorted(asked) == sorted(itertools.product(laws, formats))


def test_processes_give_the_rows_that_one_process_gives() -> None:
    expected = kill_matrix(rogues=FEW, invariants=(), workers=1)
    actual = kill_matrix(rogues=FEW, invariants=(), workers=2)
    assert [(r.id, r.verdicts) for r in actual.rows] == [
        (r.id, r.verdicts) for r in expected.rows
    ]


def test_a_check_of_one_friendly_shape_lets_most_rogues_live() -> None:
    matrix = kill_matrix(checker=_one_friendly_shape)
    rogues = [row for row in matrix.rows if not row.control]
    assert sum(row.right for row in rogues) < len(rogues) / 2
    assert not matrix.holds
    assert "SURVIVES" in matrix.text()


def test_a_checker_that_accepts_everything_kills_nothing() -> None:
    matrix = kill_matrix(rogues=[*FEW, "plain"], checker=lambda _: True)
    actual = [row.right for row in matrix.rows]
    assert actual == [False, False, False, True]


def test_a_checker_that_raises_rejects() -> None:
    def strict(_: Any) -> None:
        msg = "wrong"
        raise AssertionError(msg)

    matrix = kill_matrix(rogues=["zeros", "plain"], checker=strict)
    assert [row.right for row in matrix.rows] == [True, False]
    assert matrix.rows[1].reason == "AssertionError: wrong"


def test_no_line_of_a_matrix_is_longer_than_80_characters() -> None:
    matrix = kill_matrix(checker=_one_friendly_shape)
    assert max(map(len, matrix.text().splitlines())) <= 80
    assert set(matrix.ids(controls=True)) <= set(CONTROLS)


def test_the_csv_has_a_line_for_every_row() -> None:
    matrix = kill_matrix((0, 1), rogues=FEW, invariants=(), workers=1)
    head, *lines = matrix.csv().splitlines()
    assert head.startswith("id,kind,mistake,caught_by,seed,right,accepted")
    assert len(lines) == len(matrix.rows) == 6
    assert lines[0].startswith("zeros,rogue,null,agreement,0,True")


def test_what_does_not_exist_is_named_in_the_error() -> None:
    with pytest.raises(UnknownName, match="no such id 'nobody'"):
        kill_matrix(rogues=["nobody"])
    with pytest.raises(UnknownName, match="no such id 'nothing'"):
        kill_matrix(rogues=["zeros"], invariants=["nothing"])
    with pytest.raises(InvalidArgument, match="expected module:function"):
        kill_matrix(rogues=["zeros"], checker="attnspec.nowhere:check")


def test_a_rogue_is_shown_to_its_invariant_in_a_format_that_it_claims() -> None:
    named = [r for r in ROGUES.values() if r.mistake == "precision"]
    formats = {
        d for r in named for d in r.implementation.description.capabilities.dtypes
    }
    assert formats == {"float32", "float16", "bfloat16"}


def test_a_rogue_of_another_kind_than_asked_is_refused() -> None:
    with pytest.raises(UnknownName, match="'zeros' is of attention, not of rope"):
        kill_matrix(rogues=["zeros"], kind="rope")
