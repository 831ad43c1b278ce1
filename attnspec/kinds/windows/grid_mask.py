"""Patterns of pixels: the kind `grid-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.law import Bench
from attnspec.judge.recipe import Recipe
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import over_grid


def _axes(recipe: Recipe) -> dict[str, Array]:
    """Return a mask for the rows of an image, and one for its columns."""
    both = {}
    for name in ("rows", "columns"):
        queries, keys = recipe[name]
        kinds = {
            "own": np.eye(queries, keys, dtype=np.bool_),
            "all": np.ones((queries, keys), dtype=np.bool_),
            "causal": np.tri(queries, keys, dtype=np.bool_),
            "any": integers(recipe.seed, name, (queries, keys), 0, 1) == 1,
        }
        both[name] = kinds[recipe["along_" + name]]
    return both


# Positions of queries and of keys along one axis.
_FORMS = ((1, 1), (1, 2), (2, 2), (3, 3), (2, 4), (5, 3))

GRID_MASK = masks.mask_kind(
    "grid-mask",
    "Says which pixels each pixel sees, given what is seen along each axis.",
    over_grid,
    usage=usage.GRID_MASK,
    fields={
        "rows": _FORMS,
        "columns": _FORMS,
        "along_rows": ("own", "all", "causal", "any"),
        "along_columns": ("own", "all", "causal", "any"),
    },
    operands=_axes,
    simplest={"rows": (3, 3), "columns": (3, 3)},
    nulls={
        # Seen along either axis.
        "united": lambda case, _: ~np.kron(~case["rows"], ~case["columns"]),
        "columns_first": lambda case, _: np.kron(case["columns"], case["rows"]),
    },
)


GRID_MASK.agreement_law(
    "bands.grid",
    "A pixel is seen if it is seen along both axes.",
    nulls=("zeros", "ones", "united", "columns_first"),
)


@GRID_MASK.law("grid-mask-count", "bands.grid", nulls=("united", "columns_first"))
def check_count(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A pixel sees as many as along one axis times as many as along the other."""
    found = masks.mask_of(case, bench).sum(-1)
    expected = np.multiply.outer(case["rows"].sum(-1), case["columns"].sum(-1))
    yield from masks.holds(expected.ravel(), found, "number of pixels")


@GRID_MASK.law(
    "grid-mask-exchange",
    "bands.grid",
    nulls=("early",),
    fields={"rows": _FORMS[2:], "columns": _FORMS[2:]},
)
def check_exchange(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the axes exchanged the pixels are the same ones in another order."""
    rows, columns = case["rows"], case["columns"]
    other = masks.mask_of(case.replace(rows=columns, columns=rows), bench)
    order = [
        # Where each pixel, counted row by row, stands when counted column by column.
        np.arange(a * b).reshape(b, a).T.ravel()
        for a, b in zip(rows.shape, columns.shape, strict=True)
    ]
    expected = masks.mask_of(case, bench)
    yield from masks.holds(expected, other[np.ix_(*order)], "axes exchanged")


__all__ = ["GRID_MASK"]
