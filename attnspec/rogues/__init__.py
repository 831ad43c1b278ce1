"""Deliberately wrong kernels, and unusual right ones, to measure a judge by."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType

from attnspec.exceptions import UnknownName
from attnspec.kinds.registry import CHAPTERS
from attnspec.rogues._gallery import MISTAKES, Control, Rogue

_MISTAKES_OF_ATTENTION = (
    *("memory", "state", "masks", "diagonals", "tiles", "running", "scores"),
    *("rows", "heads", "precision", "downgrades", "nulls", "recurrence"),
    *("widths", "groups", "grids", "tile_sizes", "visible_nans", "sinks"),
    *("mask_ranks", "corner_sizes", "slopes", "bits"),
    *("controls", "real_sizes", "arithmetic"),
)
"""The modules of attention's rogues, by what is wrong, and of its controls."""


def _modules() -> Iterator[ModuleType]:
    """Import the modules of rogues: attention's, then one for each other kind."""
    chapters = {"attention": _MISTAKES_OF_ATTENTION, **CHAPTERS}
    for chapter, modules in chapters.items():
        for module in modules:
            yield importlib.import_module(f"{__name__}.{chapter}.{module}")


MODULES = tuple(_modules())
"""The modules of rogues and controls."""

ROGUES: Mapping[str, Rogue] = {
    entry.id: entry for module in MODULES for entry in getattr(module, "ROGUES", ())
}
"""The rogues by id."""

CONTROLS: Mapping[str, Control] = {
    entry.id: entry for module in MODULES for entry in getattr(module, "CONTROLS", ())
}
"""The controls by id."""


def find(id: str) -> Rogue | Control:  # noqa: A002 - the field's name
    """Return the rogue or control with this id.

    Raises
    ------
    UnknownName
        If there is neither.
    """
    found = ROGUES.get(id) or CONTROLS.get(id)
    if found is None:
        msg = f"rogue: no such id {id!r}; see 'attnspec rogues'"
        raise UnknownName(msg)
    return found


__all__ = ["CONTROLS", "MISTAKES", "MODULES", "ROGUES", "Control", "Rogue", "find"]
