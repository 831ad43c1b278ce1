"""Absolute positions out of a table: the kind `learned`, and its laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import KernelRaised
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import learned as definition


def _build(recipe: Recipe) -> Case:
    length, rows = recipe["length"], recipe["rows"]
    count = np.arange(length)
    kinds = {
        "range": count,
        "reversed": count[::-1] + rows,
        "repeated": count // 2,
        "drawn": integers(recipe.seed, "positions", (length,), 0, rows - 1),
    }
    shape = (rows, recipe["width"])
    data: dict[str, Callable[[], Array]] = {
        "integers": lambda: np.arange(1.0, 1.0 + rows * recipe["width"]).reshape(shape),
        "normal": lambda: normals(recipe.seed, "table", shape),
    }
    operands = {
        "positions": kinds[recipe["positions"]].astype(np.int64) % rows,
        "table": cast(data[recipe["data"]](), recipe),
    }
    return single(recipe, operands, (length, recipe["width"]))


def _judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    """Copy rows, which rounds nothing; a position outside has none, so NaN."""
    positions, table = case["positions"], np.asarray(case["table"], np.float64)
    inside = (positions >= 0) & (positions < len(table))
    rows = table[np.where(inside, positions, 0)]
    return unrounded(np.where(inside[:, None], rows, np.nan))


def _defined(positions: Array, table: Array) -> Array:
    """Evaluate the definition; every number of it is one of the table."""
    return definition(positions, table).astype(table.dtype)


def _clamped(case: Case, right: Right) -> Array:
    """Read the nearest row for a position outside."""
    last = len(case["table"]) - 1
    return right(case.replace(positions=np.clip(case["positions"], 0, last)))


def _wrapped(case: Case, right: Right) -> Array:
    """Count on from the other end of the table."""
    rows = len(case["table"])
    return right(case.replace(positions=case["positions"] % rows))


LEARNED = Kind(
    name="learned",
    sentence="Labels positions by the rows of a table.",
    table=Table(
        fields={
            "length": (1, 2, 3, 5, 8, 17, 33),
            "rows": (1, 2, 3, 5, 8, 64),
            "width": (1, 2, 3, 8, 16),
            "positions": ("range", "reversed", "repeated", "drawn"),
            "data": ("integers", "normal"),
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    nulls={
        "late": late,
        # The mean of all rows is added to each.
        "blurred": lambda case, right: (
            right(case) + np.asarray(case["table"], np.float64).mean(0)
        ),
        "clamped": _clamped,
        "wrapped": _wrapped,
    },
)


LEARNED.agreement_law(
    "positions.learned",
    "The encoding of a position is its row of the table.",
    also=("positions.absolute",),
    nulls=("zeros", "late", "blurred"),
)


@LEARNED.law(
    "learned-outside", "positions.learned", nulls=("zeros", "clamped", "wrapped")
)
def check_outside(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A position outside the table is refused, or its encoding is NaN."""
    rows = len(case["table"])
    # Just outside, where an index counts from the end, and far outside.
    for place in (rows, -1, rows + 1000):
        positions = case["positions"].copy()
        positions[-1] = place
        other = case.replace(positions=positions)
        try:
            yield from agrees(other, bench, f"position {place} of {rows} rows")
        except KernelRaised:
            yield identical(np.ones(()), np.ones(()), what="refusal")


@LEARNED.law(
    "learned-rows",
    "positions.learned",
    nulls=("blurred",),
    fields={"rows": (3, 5, 8, 64), "length": (1, 2)},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Rows that nobody asks for change nothing, however large they are."""
    table = case["table"].copy()
    # Every format holds it, and a mean over the table shows it.
    table[np.setdiff1d(np.arange(len(table)), case["positions"])] = 2.0**12
    yield from alike(case, case.replace(table=table), bench, "other rows")


__all__ = ["LEARNED"]
