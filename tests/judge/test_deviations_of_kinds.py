"""Deviations of functions of other kinds: what is known to fail, no wider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import (
    Deviation,
    Implementation,
    Verdict,
    check_implementation,
    load_deviations,
)
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.recipe import Recipe
from attnspec.kinds.registry import KINDS


def _rope(x: Array, positions: Array) -> Array:
    """Turn, but take positions beyond 200 for 200."""
    definition = KINDS["rope"].definition
    turned: Array = definition(x, np.minimum(positions, 200))
    return turned


def _pinned(**fields: object) -> Recipe:
    return KINDS["rope"].table.recipe("rope", "float32", **fields)


def _deviation(**fields: object) -> Deviation:
    laws = ("rope-agreement", "rope-relative")
    return Deviation(
        "far-positions",
        laws,
        "It knows 200 positions.",
        {"positions": ["offset", "far"]},
        _pinned(**fields),
    )


def _judged(function: object, deviation: Deviation) -> set[Verdict]:
    target = Implementation.of(
        function,  # type: ignore[arg-type]
        kind="rope",
        dialect={"pairing": "interleaved"},
        deviations=(deviation,),
    )
    report = check_implementation(target, only=deviation.invariants)
    return {o.verdict for o in report.outcomes if o.invariant in deviation.invariants}


def test_a_known_failure_is_a_deviation() -> None:
    found = _judged(_rope, _deviation(positions="far", data="integers", length=3))

    assert found == {Verdict.DEVIATION}


def test_a_deviation_whose_pinned_case_passes_is_stale() -> None:
    deviation = _deviation(positions="offset", data="integers", length=3)

    assert Verdict.STALE in _judged(KINDS["rope"].definition, deviation)


def test_a_pinned_case_must_have_what_the_condition_names() -> None:
    with pytest.raises(InvalidArgument, match="does not have the traits"):
        _judged(_rope, _deviation(positions="range"))


def test_a_condition_names_fields_of_the_kind() -> None:
    with pytest.raises(UnknownName, match="unknown trait 'keys'"):
        _judged(_rope, Deviation("d", ("rope-norm",), "x", {"keys": 3}, _pinned()))


FILE = """
[[deviation]]
id = "far-positions"
invariants = ["rope-agreement", "rope-relative"]
reason = "It knows 200 positions."
when = { positions = ["offset", "far"] }
"""


def _file(folder: Path, pinned: str) -> Path:
    path = folder / "deviations.toml"
    path.write_text(f"{FILE}pinned = {pinned}\n", "utf-8")
    return path


def test_a_file_names_the_fields_that_are_not_the_simplest(tmp_path: Path) -> None:
    fields = 'positions = "far", data = "integers", length = 3'
    pinned = f'{{ kind = "rope", fields = {{ {fields} }} }}'

    (found,) = load_deviations(_file(tmp_path, pinned))

    expected = _pinned(positions="far", data="integers", length=3)
    assert found.pinned == expected
    assert _judged(_rope, found) == {Verdict.DEVIATION}


@pytest.mark.parametrize(
    ("pinned", "message"),
    [
        ("3", "pinned: expected a table"),
        ('{ kind = "rope", fields = 3 }', "pinned.fields: expected a table"),
        ('{ kind = "ropes" }', "got 'ropes'; did you mean 'rope'"),
        ('{ kind = "rope", length = 3 }', "unknown key 'length'"),
        ('{ kind = "rope", fields = { turns = 3 } }', "no field 'turns'"),
        ('{ kind = "rope", fields = { length = "3" } }', "length: expected one like"),
        ('{ kind = "rope", seed = "3" }', "seed: expected a whole number"),
        ('{ kind = "alibi" }', "the pinned case is of alibi, not rope"),
        ("{ queries = 3 }", "unknown key 'queries'"),
        ('{ kind = "attention" }', "the pinned case is of attention, not rope"),
    ],
)
def test_a_pinned_case_that_cannot_be_made_is_explained(
    pinned: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        load_deviations(_file(tmp_path, pinned))
