"""Patterns of two sequences: `prefix-mask`, `dilated-mask` and `block-mask`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Bench, Choices, Right
from attnspec.judge.recipe import Recipe
from attnspec.kinds.windows._masks import (
    ALIGNMENT,
    SIZES,
    SQUARE,
    Mask,
    by_counts,
    by_distance,
    counts,
    holds,
    mask_kind,
    mask_of,
    sized,
)
from attnspec.numerics import Comparison
from attnspec.reference import blocks, dilated, prefix
from attnspec.reference.masks import positions

_LONG = (3, 5, 8, 17)


def _positions(case: Case, choices: Choices) -> tuple[Array, Array]:
    """Return where queries and keys stand."""
    alignment: Any = choices["alignment"]
    queries = positions(case["queries"], case["keys"], alignment=alignment)
    return queries, np.arange(case["keys"])


def _defined_prefix(queries: int, keys: int, length: int) -> Mask:
    """Show each query the prefix, itself, and what is before it."""
    return prefix(positions(queries, keys), np.arange(keys), length)


def _causal(case: Case, right: Right) -> Array:
    """Forget the prefix."""
    return right(case.replace(length=0))


def _all_within(case: Case, _right: Right) -> Array:
    """Show the prefix to its own queries alone."""
    query, key = np.arange(case["queries"])[:, None], np.arange(case["keys"])
    both = (query < case["length"]) & (key < case["length"])
    return both | ((query >= case["length"]) & (key <= query))


PREFIX_MASK = mask_kind(
    "prefix-mask",
    "Says which keys each query sees with a prefix that all see.",
    _defined_prefix,
    fields={**SIZES, "length": (0, 1, 2, 4, 9, 40)},
    operands=lambda recipe: {**counts(recipe), "length": recipe["length"]},
    exact=lambda case, choices: prefix(*_positions(case, choices), case["length"]),
    shape=by_counts,
    nulls={"causal": _causal, "upper_left": _all_within},
    choices=ALIGNMENT,
    probes=({"queries": 3, "more": 4, "length": 1},),
)


@PREFIX_MASK.law(
    "prefix-mask-agreement", "bands.prefix", nulls=("zeros", "ones", "causal", "early")
)
def check_prefix(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key is seen if it is in the prefix, or not after the query."""
    yield from agrees(case, bench)


@PREFIX_MASK.law("prefix-mask-open", "bands.prefix", nulls=("causal",))
def check_open(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every query sees the whole prefix."""
    seen = mask_of(case, bench)[:, : case["length"]]
    yield from holds(np.ones_like(seen), seen, "within the prefix")


@PREFIX_MASK.law(
    "prefix-mask-causal",
    "bands.prefix",
    nulls=("ones",),
    fields={"queries": _LONG, "length": (0, 1, 2)},
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """After the prefix nothing is seen before its time: the mask is the causal one."""
    behind = mask_of(case, bench)[:, case["length"] :]
    causal = bench.judged(case.replace(length=0)).output[:, case["length"] :]
    yield from holds(causal, behind, "behind the prefix")


@PREFIX_MASK.law(
    "prefix-mask-mutual",
    "bands.prefix",
    nulls=("causal",),
    fields={**SQUARE, "length": (2, 4, 9)},
)
def check_mutual(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Within the prefix two tokens see each other."""
    inside = mask_of(case, bench)[: case["length"], : case["length"]]
    yield from holds(inside.T, inside, "prefix, the other way round")


def _defined_dilated(queries: int, keys: int, dilation: int) -> Mask:
    """Show each query the keys at multiples of the dilation from its position."""
    return dilated(positions(queries, keys), np.arange(keys), dilation)


def _from_zero(case: Case, _right: Right) -> Array:
    """Count from the first key."""
    seen = np.arange(case["keys"]) % case["dilation"] == 0
    return np.broadcast_to(seen, (case["queries"], case["keys"]))


DILATED_MASK = mask_kind(
    "dilated-mask",
    "Says which keys each query sees at multiples of a dilation.",
    _defined_dilated,
    fields={**SIZES, "dilation": (1, 2, 3, 4, 8)},
    operands=lambda recipe: {**counts(recipe), "dilation": recipe["dilation"]},
    exact=lambda case, choices: dilated(*_positions(case, choices), case["dilation"]),
    shape=by_counts,
    nulls={"from_zero": _from_zero},
    choices=ALIGNMENT,
    probes=({"queries": 3, "more": 1, "dilation": 3},),
)


@DILATED_MASK.law(
    "dilated-mask-agreement",
    "bands.dilated",
    nulls=("zeros", "ones", "from_zero", "early"),
)
def check_dilated(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key is seen if its distance is a multiple of the dilation."""
    yield from agrees(case, bench)


@DILATED_MASK.law(
    "dilated-mask-classes",
    "bands.dilated",
    nulls=("from_zero", "early"),
    fields={**SQUARE, "queries": _LONG, "dilation": (2, 3, 4)},
)
def check_classes(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each token sees itself, seeing is mutual, and those seen see the same."""
    yield from _divides(mask_of(case, bench))


@DILATED_MASK.law(
    "dilated-mask-shift",
    "bands.dilated",
    nulls=("from_zero",),
    fields={"queries": _LONG, "dilation": (2, 3, 4)},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Whether a key is seen is decided by its distance alone."""
    yield from by_distance(case, bench)


def _divides(mask: Mask) -> Iterator[Comparison]:
    """Yield whether a mask divides a sequence into parts that see themselves alone."""
    own = mask.diagonal()
    yield from holds(np.ones_like(own), own, "own key")
    yield from holds(mask.T, mask, "the other way round")
    yield from holds(mask, mask @ mask, "what is seen by what is seen")


def _blocked(recipe: Recipe) -> dict[str, Any]:
    """Return a layout, the sizes of its blocks, and the numbers of tokens."""
    sizes = counts(recipe)
    rows, columns = recipe["rows"], recipe["columns"]
    shape = -(-sizes["queries"] // rows), -(-sizes["keys"] // columns)
    if recipe["layout"] == "diagonal":
        layout = np.eye(*shape, dtype=np.bool_)
    else:
        layout = integers(recipe.seed, "layout", shape, 0, 1) == 1
    return {"layout": layout, "rows": rows, "columns": columns, **sizes}


def _defined_blocks(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Show each block of queries the blocks of keys that a layout shows."""
    return blocks(layout, rows, columns, queries=queries, keys=keys)


def _exact_blocks(case: Case, _choices: Choices) -> Mask:
    return _defined_blocks(*case.operands.values())


def _tiled(case: Case, _right: Right) -> Array:
    """Repeat the layout in place of enlarging it."""
    queries, keys = by_counts(case)
    return np.tile(case["layout"], (case["rows"], case["columns"]))[:queries, :keys]


def _negated(case: Case, right: Right) -> Array:
    """Take what is shown for what is hidden."""
    return right(case.replace(layout=~case["layout"]))


BLOCK_MASK = mask_kind(
    "block-mask",
    "Says which keys each query sees with a layout of blocks.",
    _defined_blocks,
    fields={
        **SIZES,
        "rows": (1, 2, 3, 4),
        "columns": (1, 2, 4, 5),
        "layout": ("diagonal", "random"),
    },
    operands=_blocked,
    exact=_exact_blocks,
    shape=by_counts,
    nulls={"tiled": _tiled, "negated": _negated},
)


@BLOCK_MASK.law(
    "block-mask-agreement",
    "bands.blocks",
    nulls=("zeros", "ones", "tiled", "negated"),
)
def check_blocks(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key is seen if the layout shows its block to the block of the query."""
    yield from agrees(case, bench)


@BLOCK_MASK.law(
    "block-mask-constant",
    "bands.blocks",
    nulls=("tiled", "early"),
    fields={"queries": _LONG, "rows": (2, 3, 4), "columns": (2, 4, 5)},
)
def check_constant(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Within a pair of blocks either all is seen or nothing, in the last ones too."""
    mask = mask_of(case, bench)
    rows = np.arange(case["queries"]) // case["rows"] * case["rows"]
    columns = np.arange(case["keys"]) // case["columns"] * case["columns"]
    yield from holds(mask[np.ix_(rows, columns)], mask, "first pair of each block")


@BLOCK_MASK.law(
    "block-mask-single", "bands.blocks", nulls=("negated",), fields={"rows": (2, 3)}
)
def check_single(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With blocks of one token the mask is the layout."""
    shape = case["layout"].shape
    sizes = {"queries": shape[0], "keys": shape[1], "rows": 1, "columns": 1}
    mask = mask_of(sized(case.replace(**sizes), shape), bench)
    yield from holds(case["layout"], mask, "layout")


@BLOCK_MASK.law(
    "block-mask-exchange",
    "bands.blocks",
    nulls=("early",),
    fields={"queries": _LONG, "layout": ("random",)},
)
def check_exchange(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With queries and keys exchanged the mask is the transposed one."""
    exchanged = case.replace(
        layout=np.ascontiguousarray(case["layout"].T),
        rows=case["columns"],
        columns=case["rows"],
        queries=case["keys"],
        keys=case["queries"],
    )
    other = mask_of(sized(exchanged, by_counts(exchanged)), bench)
    yield from holds(mask_of(case, bench).T, other, "queries and keys exchanged")


__all__ = [
    "BLOCK_MASK",
    "DILATED_MASK",
    "PREFIX_MASK",
    "check_blocks",
    "check_causal",
    "check_classes",
    "check_constant",
    "check_dilated",
    "check_exchange",
    "check_mutual",
    "check_open",
    "check_prefix",
    "check_shift",
    "check_single",
]
