"""What a band costs: the kind `band-cost`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import band

# The last one is wider than all keys, of which there are 21 at most.
_SIDES = (0, 1, 2, 3, 7, 40)


def _build(recipe: Recipe) -> Case:
    sides = {"left": recipe["left"], "right": recipe["right"]}
    products = result("products", (recipe["queries"],), "integer")
    return Case({**masks.counts(recipe), **sides}, {}, products, recipe.dtype)


def _judge(case: Case, choices: Dialect, _model: NumericModel) -> Judged:
    window = case["left"], case["right"]
    alignment: Any = choices["alignment"]
    _, inside = band(case["queries"], case["keys"], window, alignment=alignment)
    return unrounded(np.count_nonzero(inside, axis=-1))


def _defined(queries: int, keys: int, left: int, right: int) -> Array:
    """Count the keys of each window that exist."""
    _, inside = band(queries, keys, (left, right))
    return np.count_nonzero(inside, axis=-1)


def _whole(case: Case) -> int:
    """Return how many places a window has that no border cuts."""
    return int(case["left"] + 1 + case["right"])


BAND_COST = Kind(
    name="band-cost",
    sentence="Counts the dot products of each query within a window.",
    table=Table(fields={**masks.SIZES, "left": _SIDES, "right": _SIDES}),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.BAND_COST,
    simplest={"queries": 8, "left": 2},
    choices=masks.ALIGNMENT,
    probes=({"queries": 3, "more": 4, "left": 2},),
    nulls={
        "all": lambda case, _: np.full(case["queries"], case["keys"]),
        "unclipped": lambda case, _: np.full(case["queries"], _whole(case)),
        "one_sided": lambda case, right: right(case.replace(right=0)),
    },
)


BAND_COST.agreement_law(
    "bands.cost",
    "Each query is multiplied with the keys that its window holds.",
    nulls=("zeros", "all", "unclipped"),
)


@BAND_COST.law(
    "band-cost-most",
    "bands.cost",
    nulls=("all",),
    fields={"queries": (5, 8, 17), "left": (0, 1, 2), "right": (0, 1, 2)},
)
def check_most(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No query takes more products than its window has places."""
    products = bench.run(case).output
    # Equality alone is asked for: the smaller of both is the count where it holds.
    most = np.minimum(products, _whole(case))
    yield identical(most, products, what="products of a query")
    total = case["queries"] * _whole(case)
    spent = int(products.sum())
    yield identical(np.array(min(spent, total)), np.array(spent), what="all products")


@BAND_COST.law(
    "band-cost-linear",
    "bands.cost",
    nulls=("all",),
    fields={
        **masks.SQUARE,
        "queries": (5, 8, 17),
        "left": (0, 1, 2),
        "right": (0, 1, 2),
    },
)
def check_linear(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Once a sequence is longer than the window, each further vector costs the same."""
    length, size = case["queries"], _whole(case)
    spent = []
    # A window has 5 keys at most, no more than the shortest sequence; three lengths
    # tell a line from a curve.
    for more in (0, 1, 7):
        longer = case.replace(queries=length + more, keys=length + more)
        other = longer.returning((length + more,))
        spent.append(int(bench.run(other).output.sum()))
    expected = spent[0] + size * np.array([0, 1, 7])
    yield identical(expected, np.array(spent), what="all products")


@BAND_COST.law(
    "band-cost-mirror", "bands.cost", nulls=("one_sided",), fields=masks.SQUARE
)
def check_mirror(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Read backward, with its sides exchanged, a window costs the same."""
    other = case.replace(left=case["right"], right=case["left"])
    expected = bench.run(case).output[::-1]
    yield identical(expected, bench.run(other).output, what="products of a query")


__all__ = ["BAND_COST"]
