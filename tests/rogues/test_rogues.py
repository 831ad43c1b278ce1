"""Every rogue is caught by the invariant that it names, and no control is."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec import rogues
from attnspec.exceptions import UnknownName
from attnspec.judge import invariance
from attnspec.kinds.registry import INVARIANTS, KINDS
from attnspec.rogues import CONTROLS, MISTAKES, ROGUES, Rogue, find
from attnspec.rogues._table import ID_WIDTH
from attnspec.rogues.matrix import Task, run
from tests._in_ci import share

QUICK = (
    *("plain", "tile-48", "backward", "exp2", "upper-left", "empty-row-nan"),
    *("empty-lse-plus-infinity", "centered-keys", "tiled-heads-ungrouped", "bare"),
)
"""Controls that differ from each other; the command sees all, and runs in CI, too."""

OF_ATTENTION = [
    name
    for name, entry in CONTROLS.items()
    if entry.implementation.description.kind == "attention"
]


@pytest.mark.once
@pytest.mark.parametrize("name", share([*ROGUES], 18))
def test_a_rogue_is_caught_by_the_invariant_that_it_names(name: str) -> None:
    row = run(Task(name, seed=3, tier="smoke", laws=(), checker=None))
    assert row.verdicts == {ROGUES[name].caught_by: ROGUES[name].verdict}


def test_every_invariant_has_a_rogue_that_it_must_catch() -> None:
    assert set(INVARIANTS) - {rogue.caught_by for rogue in ROGUES.values()} == set()


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("name", share(QUICK, 10))
def test_a_control_passes_every_invariant(name: str) -> None:
    row = run(Task(name, seed=3, tier="smoke", laws=None, checker=None))
    assert row.right, row.reason


@pytest.mark.parametrize("name", share(OF_ATTENTION, 4))
def test_a_control_agrees_with_the_definition(name: str) -> None:
    row = run(Task(name, seed=3, tier="smoke", laws=("agreement",), checker=None))
    assert row.right, row.reason


def test_there_is_a_rogue_of_every_class_of_mistakes() -> None:
    expected = set(MISTAKES)
    actual = {entry.mistake for entry in ROGUES.values()}
    assert actual == expected


def test_no_two_rogues_or_controls_share_an_id() -> None:
    entries = [
        entry.id
        for module in rogues.MODULES
        for name in ("ROGUES", "CONTROLS")
        for entry in getattr(module, name, ())
    ]

    assert len(entries) == len(set(entries)) == len(ROGUES) + len(CONTROLS)


def test_every_id_fits_its_column_of_a_matrix() -> None:
    assert max(map(len, (*ROGUES, *CONTROLS))) <= ID_WIDTH


_SLOPES = "slopes-dropped"
"""A rogue that claims what few kernels have."""


def test_every_claim_is_made_by_a_rogue() -> None:
    known = (ROGUES[name].implementation.description for name in ("zeros", _SLOPES))
    claims = {name for said in known for name in said.capabilities.claims}
    bits = {*invariance.CLAIMS}
    assert claims == {*KINDS["attention"].abilities} - {"gradients"} - bits


def test_a_fresh_rogue_remembers_nothing() -> None:
    entry = find("answers-remembered")
    ones, twos = np.ones((1, 1, 1, 1), np.float32), np.full((1, 1, 1, 1), 2, np.float32)
    kernel = entry.fresh().function
    kernel(ones, ones, ones)
    assert kernel(ones, ones, twos).item() == 1.0
    assert entry.fresh().function(ones, ones, twos).item() == 2.0


def test_an_unknown_rogue_is_named_in_the_error() -> None:
    with pytest.raises(UnknownName, match="no such id 'nobody'"):
        find("nobody")


def test_a_rogue_of_no_class_is_rejected() -> None:
    implementation = ROGUES["zeros"].implementation
    with pytest.raises(UnknownName, match="mistake: expected one of"):
        Rogue("id", "nothing", "It is right.", implementation, "agreement")
