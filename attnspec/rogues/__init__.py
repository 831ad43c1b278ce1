"""Deliberately wrong kernels, and unusual right ones, to measure a judge by."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.exceptions import UnknownName
from attnspec.rogues import (
    diagonals,
    heads,
    masks,
    memory,
    nulls,
    precision,
    rows,
    running,
    scores,
    state,
    tiles,
)
from attnspec.rogues._gallery import MISTAKES, Control, Rogue
from attnspec.rogues.controls import CONTROLS

_MODULES = (
    *(memory, state, masks, diagonals, tiles, running),
    *(scores, rows, heads, precision, nulls),
)

ROGUES: Mapping[str, Rogue] = {
    entry.id: entry for module in _MODULES for entry in module.ROGUES
}
"""The rogues by id."""


def find(id: str) -> Rogue | Control:  # noqa: A002 - the field's name
    """Return the rogue or control with this id."""
    found = ROGUES.get(id) or CONTROLS.get(id)
    if found is None:
        msg = f"rogue: no such id {id!r}; see 'attnspec rogues'"
        raise UnknownName(msg)
    return found


__all__ = ["CONTROLS", "MISTAKES", "ROGUES", "Control", "Rogue", "find"]
