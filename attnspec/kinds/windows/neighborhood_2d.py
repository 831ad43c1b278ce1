"""Neighborhoods of pixels: the kind `neighborhood-2d`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.compare import alike
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.windows import _usage as usage
from attnspec.kinds.windows import _windowed_attention as windowed
from attnspec.kinds.windows._neighborhoods import neighborhood_kind, neighbors
from attnspec.numerics import Comparison, identical
from attnspec.reference import attention, over_grid, shifted_window

_SIZES = ((1, 1), (1, 3), (3, 1), (3, 3), (2, 3), (3, 2), (2, 2))


def _mend(recipe: Recipe) -> Recipe:
    """Let a neighborhood reach over no more than the grid."""
    lengths, sizes = (recipe["height"], recipe["breadth"]), recipe["kernel_size"]
    steps = recipe["dilation"]
    if all(s * d <= n for n, s, d in zip(lengths, sizes, steps, strict=True)):
        return recipe
    least = tuple(min(pair) for pair in zip(lengths, sizes, strict=True))
    return recipe.replace(dilation=(1, 1), kernel_size=least)


_TABLE = Table(
    fields={
        "batch": (1, 2),
        "heads": (1, 2),
        "height": (1, 2, 3, 4, 5, 7),
        "breadth": (1, 2, 3, 5, 6),
        "width": (1, 2, 3, 8),
        "kernel_size": (*_SIZES, (5, 3)),
        "dilation": ((1, 1), (1, 2), (2, 1), (2, 2)),
        "data": windowed.DATA,
        "scale": (None, 0.5, 0.0, -1.0),
    },
    claims={
        "dilation": Claim(
            "that only every so many-th key along an axis is seen", "dilation"
        ),
        "scale": Claim("another scale than one over the root of the width", "scale"),
    },
    mend=_mend,
)
_LARGE = {"height": (4, 3, 5), "breadth": (5, 3, 6)}
_DILATED = {
    "height": (4, 5, 7),
    "breadth": (6, 5),
    "kernel_size": ((2, 2), (2, 3)),
    "dilation": ((1, 2), (2, 1), (2, 2)),
    "data": windowed.DATA[1:],
}


def _build(recipe: Recipe) -> Case:
    grid = recipe["height"], recipe["breadth"]
    shape = (recipe["batch"], recipe["heads"], *grid, recipe["width"])
    return windowed.build(recipe, shape, "kernel_size", dilation=(1, 1), scale=None)


def _mask(case: Case, choices: Dialect) -> windowed.Mask:
    grid, steps = case["query"].shape[-3:-1], case["dilation"] or (1, 1)
    axes = zip(grid, case["kernel_size"], steps, strict=True)
    return over_grid(*(neighbors(*axis, choices) for axis in axes))


def _defined(
    query: Array,
    key: Array,
    value: Array,
    kernel_size: tuple[int, int],
    *,
    dilation: tuple[int, int] = (1, 1),
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    # `flat` reads these three alone; the format plays no part.
    case = Case({"query": query, "key": key, "value": value}, {}, (), "float32")
    axes = zip(query.shape[-3:-1], kernel_size, dilation, strict=True)
    mask = over_grid(*(shifted_window(n, k, dilation=d) for n, k, d in axes))
    found = attention(*windowed.flat(case), mask=mask, scale=scale)
    return found.reshape(query.shape).astype(query.dtype)


def _exchanged(case: Case, right: Right) -> Array:
    """Take the size along one axis for that along the other, where it fits."""
    one, two = case["kernel_size"]
    height, breadth = case["query"].shape[-3:-1]
    plain = case.without("dilation")
    return right(plain.replace(kernel_size=(min(two, height), min(one, breadth))))


def _counted(case: Case, _right: Right) -> Array:
    """Take neighbors along the sequence of all pixels, as if there were no rows."""
    height, breadth = case["query"].shape[-3:-1]
    size = int(np.prod(case["kernel_size"]))
    return windowed.answer_over(case, shifted_window(height * breadth, size))


NEIGHBORHOOD_2D = neighborhood_kind(
    "neighborhood-2d",
    "Attends to a rectangle of so many pixels around each pixel.",
    table=_TABLE,
    build=_build,
    mask=_mask,
    definition=_defined,
    usage=usage.NEIGHBORHOOD_2D,
    probes=(
        {
            "height": 5,
            "breadth": 3,
            "width": 3,
            "kernel_size": (2, 2),
            "data": "normal",
        },
        {
            "height": 3,
            "breadth": 5,
            "width": 2,
            "kernel_size": (1, 2),
            "data": "integers",
        },
    ),
    simplest={
        "height": 5,
        "breadth": 5,
        "width": 8,
        "kernel_size": (3, 3),
        "data": "normal",
    },
    nulls={
        "exchanged": _exchanged,
        "counted": _counted,
    },
)


NEIGHBORHOOD_2D.agreement_law(
    "bands.grid",
    "Each pixel averages the values of its rectangle.",
    also=("bands.shifted", "bands.dilated"),
    nulls=("zeros", "exchanged", "counted"),
)


@NEIGHBORHOOD_2D.law(
    "neighborhood-2d-rectangle",
    "bands.grid",
    nulls=("exchanged", "counted"),
    fields=_LARGE,
)
def check_rectangle(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A pixel sees another if it sees its row from its row, and so its column."""
    grid = case["query"].shape[-3:-1]
    weights = bench.run(windowed.one_hot(case)).output
    seen = (weights > 0).reshape(*weights.shape[:2], *grid, *grid)
    rows, columns = (np.asarray(seen.any(axes)) for axes in ((3, 5), (2, 4)))
    # A rectangle has no gap: it is the product of the rows and columns seen.
    product = rows[:, :, :, None, :, None] & columns[:, :, None, :, None, :]
    yield identical(product, seen, what="rows and columns")
    exact = _mask(case, bench.dialect).reshape(*grid, *grid)
    yield identical(np.broadcast_to(exact, seen.shape), seen, what="rectangle")


@NEIGHBORHOOD_2D.law(
    "neighborhood-2d-exchange",
    "bands.grid",
    nulls=("counted",),
    fields={**_LARGE, "data": windowed.DATA[1:]},
)
def check_exchange(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the axes of the image exchanged the output has its axes exchanged."""
    turn = operator.methodcaller("swapaxes", -3, -2)
    other = windowed.moved(case, turn).replace(kernel_size=case["kernel_size"][::-1])
    if case["dilation"]:
        other = other.replace(dilation=case["dilation"][::-1])
    yield from alike(case, other, bench, "axes exchanged", moved=turn)


@NEIGHBORHOOD_2D.law(
    "neighborhood-2d-influence",
    "bands.grid",
    also=("bands.support",),
    nulls=("counted", "ones"),
    fields=_LARGE,
)
def check_influence(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What lies outside of a rectangle has no influence, however large it is."""
    grid = case["query"].shape[-3:-1]
    corner = np.zeros(grid, dtype=np.bool_)
    # The last row and the first column: a corner that few pixels see.
    corner[-1, 0] = True
    seen = _mask(case, bench.dialect)[:, corner.ravel()]
    blind = np.asarray(~seen.any(-1)).reshape(grid)
    if blind.any():
        drowned, rows = windowed.drown(case, corner), np.s_[:, :, blind]
        yield from windowed.rows_within(drowned, bench, rows, "a huge corner")


@NEIGHBORHOOD_2D.law(
    "neighborhood-2d-own-row",
    "bands.grid",
    nulls=("counted",),
    fields={
        **_LARGE,
        "kernel_size": ((1, 3), (1, 2), (1, 1)),
        "data": windowed.DATA[1:],
    },
)
def check_own_row(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A rectangle one row high makes each row an image of its own."""
    flatter = case.replace(kernel_size=(1, case["kernel_size"][1]))
    plain = flatter.without("dilation")
    for row in {0, case["query"].shape[-3] - 1}:
        own = operator.itemgetter(np.s_[..., row : row + 1, :, :])
        alone = windowed.moved(plain, own)
        yield from alike(plain, alone, bench, f"row {row} alone", moved=own)


@NEIGHBORHOOD_2D.law(
    "neighborhood-2d-dilation",
    "bands.dilated",
    nulls=("undilated",),
    needs=("dilation",),
    fields=_DILATED,
)
def check_dilation(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every so many-th pixel of every so many-th row is an image of its own."""
    down, along = case["dilation"] or (1, 1)
    own = operator.itemgetter(np.s_[..., ::down, ::along, :])
    alone = windowed.moved(case.without("dilation"), own)
    yield from alike(case, alone, bench, "alone", moved=own)


__all__ = ["NEIGHBORHOOD_2D"]
