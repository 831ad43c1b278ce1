"""Absolute positions out of a table: the kind `learned`, and its laws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import KernelRaised
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, late
from attnspec.judge.questions import Call, Question
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
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


_NEGATIVE = ("none", "from_end", "clamped")
_BEYOND = ("none", "wrapped", "clamped")


def _row(place: int, rows: int, choices: Dialect) -> int | None:
    """Return which row a position reads, None if it reads none."""
    if 0 <= place < rows:
        return place
    choice = choices["negative_position" if place < 0 else "position_beyond"]
    if choice == "clamped":
        return 0 if place < 0 else rows - 1
    if choice == "wrapped":
        return place % rows
    # As an index of Python, which counts once around and not further.
    return place + rows if choice == "from_end" and place >= -rows else None


def _judge(case: Case, choices: Dialect, _model: NumericModel) -> Judged:
    """Copy rows, which rounds nothing; a position without a row has NaN."""
    table = np.asarray(case["table"], np.float64)
    rows = [_row(int(place), len(table), choices) for place in case["positions"]]
    none = np.full(table.shape[1:], np.nan)
    return unrounded(np.array([none if row is None else table[row] for row in rows]))


def _defined(positions: Array, table: Array) -> Array:
    """Evaluate the definition; every number of it is one of the table."""
    return definition(positions, table).astype(table.dtype)


def _read(call: Call, dtype: str, place: int) -> float | None:
    """Return which of four rows a position reads, None if it reads none."""
    recipe = LEARNED.recipe(dtype, rows=4, length=1, width=1)
    table = cast(np.arange(4.0)[:, None], recipe)
    case = LEARNED.case(recipe).replace(table=table, positions=np.array([place]))
    try:
        found = float(call(case).output.item())
    except KernelRaised:
        return None
    return None if math.isnan(found) else found


def _asked_with(choices: tuple[str, ...], field: str, place: int) -> Question:
    """Return what finds out which row a position outside of the table reads."""

    def question(call: Call, _capabilities: Capabilities, dtype: str) -> str | None:
        found = _read(call, dtype, place)
        fitting = (c for c in choices if _row(place, 4, {field: c}) == found)
        return next(fitting, None)

    return question


def _elsewhere(case: Case, right: Right) -> Array:
    """Read a row in the middle for a position outside."""
    positions, rows = case["positions"], len(case["table"])
    inside = (positions >= 0) & (positions < rows)
    return right(case.replace(positions=np.where(inside, positions, rows // 2)))


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
    usage=usage.LEARNED,
    simplest={"length": 5, "rows": 8, "width": 8, "data": "normal"},
    choices={"negative_position": _NEGATIVE, "position_beyond": _BEYOND},
    questions={
        "negative_position": _asked_with(_NEGATIVE, "negative_position", -2),
        "position_beyond": _asked_with(_BEYOND, "position_beyond", 5),
    },
    nulls={
        "late": late,
        # The mean of all rows is added to each.
        "blurred": lambda case, right: (
            right(case) + np.asarray(case["table"], np.float64).mean(0)
        ),
        "elsewhere": _elsewhere,
    },
)


LEARNED.agreement_law(
    "positions.learned",
    "The encoding of a position is its row of the table.",
    also=("positions.absolute",),
    nulls=("zeros", "late", "blurred"),
)


@LEARNED.law(
    "learned-outside",
    "positions.learned",
    also=("positions.learned-around",),
    nulls=("zeros", "elsewhere"),
)
def check_outside(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A position outside the table is refused or NaN, or reads a row by its choice."""
    rows = len(case["table"])
    # Just outside, where an index counts from the end, and far outside.
    for place in (rows, -1, rows + 1000):
        other = case.replace(positions=np.r_[case["positions"][:-1], place])
        try:
            yield from agrees(other, bench, f"position {place} of {rows} rows")
        except KernelRaised:
            refused = _row(place, rows, bench.dialect) is None
            yield identical(np.ones(()), np.full((), refused), what="refusal")


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
