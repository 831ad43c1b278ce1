"""Columns of distances become columns of keys: the kind `relative-shift`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import relative_shift as definition


def _build(recipe: Recipe) -> Case:
    queries = recipe["queries"]
    shape = (recipe["heads"], queries, queries + recipe["past"])
    x = normals(recipe.seed, "x", shape)
    if recipe["data"] == "places":
        # Numbers that say where they come from, none of them the 0 that fills.
        x = 1.0 + np.arange(np.prod(shape)).reshape(shape)
    return single(recipe, {"x": cast(x, recipe)}, shape)


def _padded(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Pad a column, and read on in rows of another length, as the paper does."""
    heads, queries, keys = x.shape
    wider = np.concatenate([np.zeros((heads, queries, 1)), x], axis=-1)
    return wider.reshape(heads, -1)[:, queries:].reshape(heads, queries, keys)


def _rolled(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Let what leaves a row on the left come in on the right."""
    queries = x.shape[1]
    columns = np.arange(x.shape[2]) + np.arange(queries)[::-1, None]
    return np.take_along_axis(x, columns[None] % x.shape[2], -1)


def _judge(case: Case, choices: Dialect, _model: NumericModel) -> Judged:
    """Move numbers, which rounds nothing."""
    x = np.asarray(case["x"], np.float64)
    forms = {"zero": definition, "next_row": _padded, "own_row": _rolled}
    return unrounded(forms[choices["behind"]](x))


def _defined(x: Array) -> Array:
    """Evaluate the definition; every number of it is one of the input, or 0."""
    return definition(x).astype(x.dtype)


RELATIVE_SHIFT = Kind(
    name="relative-shift",
    sentence="Moves the scores of distances to the columns of their keys.",
    table=Table(
        fields={
            "heads": (1, 2, 3),
            "queries": (1, 2, 3, 5, 8, 17, 33),
            "past": (0, 1, 3, 16),
            "data": ("places", "normal"),
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.RELATIVE_SHIFT,
    simplest={"heads": 2, "queries": 5},
    choices={"behind": ("zero", "next_row", "own_row")},
    probes=({"queries": 3, "past": 1},),
    nulls={
        "unmoved": lambda case, _: np.asarray(case["x"]),
        # By one column more.
        "further": lambda case, right: np.roll(right(case), -1, axis=-1),
        "next": lambda case, right: np.roll(right(case), -1, axis=-2),
    },
)


RELATIVE_SHIFT.agreement_law(
    "positions.relative-shift",
    "Row i moves to the left by as many columns as there are rows after it.",
    nulls=("zeros", "unmoved", "further"),
)


@RELATIVE_SHIFT.law(
    "relative-shift-rows",
    "positions.relative-shift",
    nulls=("next",),
    fields={"queries": (2, 3, 5, 8, 17)},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Up to the query's own position a row holds what was in that row alone."""
    queries, keys = case["x"].shape[1:]
    shown = np.tri(queries, keys, keys - queries, dtype=bool)[::2]
    x = case["x"].copy()
    x[:, 1::2] = 2.0**12  # Every format holds it, and no place has it already.
    first = bench.run(case).output[:, ::2]
    second = bench.run(case.replace(x=x)).output[:, ::2]
    yield identical(
        np.where(shown, first, 0), np.where(shown, second, 0), what="own numbers"
    )


@RELATIVE_SHIFT.law(
    "relative-shift-present",
    "positions.relative-shift",
    nulls=("unmoved",),
    fields={"queries": (2, 3, 5, 8, 17)},
)
def check_present(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Distance 0, the last column, comes to stand at each query's own position."""
    queries, keys = case["x"].shape[1:]
    rows = np.arange(queries)
    found = bench.run(case).output[:, rows, rows + keys - queries]
    yield identical(case["x"][..., -1], found, what="score of distance 0")


__all__ = ["RELATIVE_SHIFT"]
