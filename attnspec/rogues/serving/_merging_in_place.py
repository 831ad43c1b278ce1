"""Merges that write their results in the place of the first part, rightly or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues.serving._merging import Pair, merging

Parts = tuple[Array, ...]
"""Output and logsumexp of both parts, as views that may be written into."""


def written(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:
    """Write output and logsumexp of some rows, both of them known before."""
    output, lse = merge(*parts)
    parts[0][rows], parts[1][rows] = output[rows], lse[rows]


def lse_first(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:
    """Write the logsumexp, and read it again for the weights."""
    parts[1][rows] = merge(*parts)[1][rows]
    parts[0][rows] = merge(*parts)[0][rows]


def all_rows(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:  # noqa: ARG001 - a step's form
    """Write all rows, whichever are to be merged."""
    written(parts, merge, np.ones(len(parts[1]), np.bool_))


def with_scratch(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:
    """Keep the logsumexp in the place of that of the second part, too."""
    written(parts, merge, rows)
    parts[3][rows] = parts[1][rows]


def lse_in_a_copy(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:
    """Bring the logsumexp to a format of its own, and change that copy."""
    output_a, lse_a, *second = parts
    written((output_a, lse_a.copy(), *second), merge, rows)


def one_by_one(parts: Parts, merge: Callable[..., Pair], rows: Array) -> None:
    """Go through the rows from the last one on."""
    for row in np.flatnonzero(rows)[::-1]:
        mine = slice(row, row + 1)
        written(tuple(a[mine] for a in parts), merge, np.ones(1, np.bool_))


@dataclasses.dataclass(frozen=True)
class InPlace:
    """A merge that gives its results back, or writes them into the first part."""

    write: Callable[[Parts, Callable[..., Pair], Array], None] = written
    gives: bool = False

    def __call__(
        self,
        output_a: Array,
        lse_a: Array,
        output_b: Array,
        lse_b: Array,
        *,
        rows: Array | None = None,
        in_place: bool = False,
    ) -> Any:
        """Merge two parts."""
        parts = output_a, lse_a, output_b, lse_b
        if not in_place:
            return merging()(*parts)
        chosen = np.ones(len(lse_a), np.bool_) if rows is None else rows
        self.write(parts, merging(), chosen)
        return (output_a, lse_a) if self.gives else None


__all__ = [
    "InPlace",
    "all_rows",
    "lse_first",
    "lse_in_a_copy",
    "one_by_one",
    "with_scratch",
]
