"""A layout of blocks: the kind `block-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.law import Bench
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import blocks


def _operands(recipe: Recipe) -> dict[str, Any]:
    """Return a layout, the sizes of its blocks, and the numbers of tokens."""
    sizes = masks.counts(recipe)
    rows, columns = recipe["rows"], recipe["columns"]
    # Rounded up: the last blocks may be cut.
    shape = -(-sizes["queries"] // rows), -(-sizes["keys"] // columns)
    layout = integers(recipe.seed, "layout", shape, 0, 1) == 1
    if recipe["layout"] == "diagonal":
        layout = np.eye(*shape, dtype=np.bool_)
    return {"layout": layout, "rows": rows, "columns": columns, **sizes}


def _defined(
    layout: masks.Mask, rows: int, columns: int, queries: int, keys: int
) -> masks.Mask:
    """Show each block of queries the blocks of keys that a layout shows."""
    return blocks(layout, rows, columns, queries=queries, keys=keys)


def _tiled(case: Case, _right: Right) -> Array:
    """Repeat the layout in place of enlarging it."""
    queries, keys = case.results[0][1]
    return np.tile(case["layout"], (case["rows"], case["columns"]))[:queries, :keys]


def _negated(case: Case, right: Right) -> Array:
    """Take what is shown for what is hidden."""
    return right(case.replace(layout=~case["layout"]))


BLOCK_MASK = masks.mask_kind(
    "block-mask",
    "Says which keys each query sees with a layout of blocks.",
    _defined,
    usage=usage.BLOCK_MASK,
    fields={
        **masks.SIZES,
        "rows": (1, 2, 3, 4),
        "columns": (1, 2, 4, 5),
        "layout": ("diagonal", "random"),
    },
    operands=_operands,
    simplest={"queries": 8, "rows": 4, "columns": 4},
    nulls={"tiled": _tiled, "negated": _negated},
)


BLOCK_MASK.agreement_law(
    "bands.blocks",
    "A key is seen if the layout shows its block to the block of the query.",
    nulls=("zeros", "ones", "tiled", "negated"),
)


@BLOCK_MASK.law(
    "block-mask-constant",
    "bands.blocks",
    nulls=("tiled", "early"),
    fields={"queries": masks.LONG, "rows": (2, 3, 4), "columns": (2, 4, 5)},
)
def check_constant(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Within a pair of blocks either all is seen or nothing, in the last ones too."""
    mask = masks.mask_of(case, bench)
    # The first query of each query's block, and the first key of each key's.
    rows = np.arange(case["queries"]) // case["rows"] * case["rows"]
    columns = np.arange(case["keys"]) // case["columns"] * case["columns"]
    yield from masks.holds(
        mask[np.ix_(rows, columns)], mask, "first pair of each block"
    )


@BLOCK_MASK.law(
    "block-mask-single", "bands.blocks", nulls=("negated",), fields={"rows": (2, 3)}
)
def check_single(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With blocks of one token the mask is the layout."""
    shape = case["layout"].shape
    sizes = {"queries": shape[0], "keys": shape[1], "rows": 1, "columns": 1}
    mask = masks.mask_of(case.replace(**sizes).returning(shape), bench)
    yield from masks.holds(case["layout"], mask, "layout")


@BLOCK_MASK.law(
    "block-mask-exchange",
    "bands.blocks",
    nulls=("early",),
    fields={"queries": masks.LONG, "layout": ("random",)},
)
def check_exchange(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With queries and keys exchanged the mask is the transposed one."""
    exchanged = case.replace(
        layout=case["layout"].T,
        rows=case["columns"],
        columns=case["rows"],
        queries=case["keys"],
        keys=case["queries"],
    )
    other = masks.mask_of(exchanged.returning(case.results[0][1][::-1]), bench)
    yield from masks.holds(
        masks.mask_of(case, bench).T, other, "queries and keys exchanged"
    )


__all__ = ["BLOCK_MASK"]
