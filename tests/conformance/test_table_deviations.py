"""Deviations of functions of other kinds: what is known to fail, no wider."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.cases import Array, TableRecipe
from attnspec.conformance import (
    Deviation,
    Implementation,
    Verdict,
    check_implementation,
)
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.invariants import KINDS


def _rope(x: Array, positions: Array) -> Array:
    """Turn, but take positions beyond 900 for 900."""
    definition = KINDS["rope"].definition
    turned: Array = definition(x, np.minimum(positions, 900))
    return turned


def _pinned(**fields: object) -> TableRecipe:
    return KINDS["rope"].table.recipe("rope", "float32", **fields)


def _deviation(**fields: object) -> Deviation:
    laws = ("rope-agreement", "rope-relative")
    return Deviation(
        "far-positions",
        laws,
        "It knows 900 positions.",
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
    report = check_implementation(target, tier="smoke")
    return {o.verdict for o in report.outcomes if o.invariant in deviation.invariants}


def test_a_known_failure_is_a_deviation() -> None:
    found = _judged(_rope, _deviation(positions="offset", data="integers", length=3))

    assert found == {Verdict.DEVIATION}


def test_a_deviation_whose_pinned_case_passes_is_stale() -> None:
    deviation = _deviation(positions="offset", data="integers", length=3)

    assert Verdict.STALE in _judged(KINDS["rope"].definition, deviation)


def test_a_pinned_case_must_have_what_the_condition_names() -> None:
    with pytest.raises(InvalidArgument, match="does not have the traits"):
        _deviation(positions="range")


def test_a_condition_names_fields_of_the_kind() -> None:
    with pytest.raises(UnknownName, match="unknown trait 'keys'"):
        Deviation("d", ("rope-norm",), "x", {"keys": 3}, _pinned())
