"""The laws: each sees a case and a narrow way to call a kernel, never a library."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.invariants import (
    _law,
    attention,
    calls,
    definition,
    dialects,
    masks,
    normalizers,
    scores,
    split,
)
from attnspec.invariants._law import Bench, Invariant, find
from attnspec.invariants._nulls import null_kernel, tellable

CHAPTERS = (
    calls,
    definition,
    scores,
    normalizers,
    masks,
    dialects,
    attention,
    split,
)
"""The modules of laws, in the order in which they run."""

INVARIANTS: Mapping[str, Invariant] = {
    id: law
    for chapter in CHAPTERS
    for id, law in _law.INVARIANTS.items()  # noqa: A001 - the field's name
    if law.check.__module__ == chapter.__name__
}
"""The invariants by id, in the order in which they run."""

__all__ = [
    "CHAPTERS",
    "INVARIANTS",
    "Bench",
    "Invariant",
    "find",
    "null_kernel",
    "tellable",
]
