"""What a number for a window stands for: the kind `window-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import (
    window_of_flash_attention,
    window_of_jax,
    window_of_keras,
    window_of_longformer,
    window_of_transformers,
)
from attnspec.reference.masks import positions, window

UNITS = {
    "keys_with_own": window_of_transformers,
    "keys_before": lambda size: window_of_flash_attention(size, 0),
    "each_side": window_of_jax,
    "both_sides": window_of_longformer,
    "open_sides": window_of_keras,
}
"""What a size means, as a pair of inclusive distances."""


def _exact(case: Case, choices: Dialect) -> masks.Mask:
    return window(*masks.places(case, choices), *UNITS[choices["unit"]](case["size"]))


def _defined(queries: int, keys: int, size: int) -> masks.Mask:
    """Show each query so many keys, its own the last of them."""
    sides = window_of_transformers(size)
    return window(positions(queries, keys), np.arange(keys), *sides)


def _causal(case: Case, right: Right) -> Array:
    """Forget the window."""
    # Even, and wider than any distance, even where a unit halves it.
    return right(case.replace(size=2 * (case["queries"] + case["keys"])))


def _chunked(case: Case, _right: Right) -> Array:
    """Show each query the chunk that it stands in."""
    query, key = np.arange(case["queries"]), np.arange(case["keys"])
    return query[:, None] // case["size"] == key // case["size"]


WINDOW_MASK = masks.mask_kind(
    "window-mask",
    "Says which keys each query sees within a window of one number.",
    _defined,
    usage=usage.WINDOW_MASK,
    # Longformer's sizes are even.
    fields={**masks.SIZES, "size": (2, 4, 6, 40)},
    exact=_exact,
    simplest={"queries": 8, "size": 4},
    nulls={
        "causal": _causal,
        # By two, since sizes are even.
        "larger": lambda case, right: right(case.replace(size=case["size"] + 2)),
        "chunked": _chunked,
    },
    choices={"unit": tuple(UNITS), **masks.ALIGNMENT},
    probes=({"queries": 8, "more": 4, "size": 4},),
)


WINDOW_MASK.agreement_law(
    "bands.unit",
    "A window of one number holds the keys that its system means.",
    also=("bands.support",),
    nulls=("zeros", "causal", "larger", "chunked"),
)


WINDOW_MASK.law(
    "window-mask-translation",
    "bands.translation",
    nulls=("chunked",),
    fields={"queries": (5, 8, 17), "size": (2, 4)},
)(masks.by_distance)


@WINDOW_MASK.law(
    "window-mask-length",
    "bands.unit",
    nulls=("ones",),
    fields={**masks.SQUARE, "queries": (3, 5, 8), "size": (2, 4)},
)
def check_length(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A number means the same window in a sequence of any length."""
    length, size = case["queries"], case["size"]
    # Long enough for rows that are 2 sizes away from either end.
    long = 3 * length + 4 * size
    longer = case.replace(queries=long, keys=long).returning((long, long))
    mask = masks.mask_of(longer, bench)
    yield from masks.holds(
        masks.mask_of(case, bench), mask[:length, :length], "in a longer one"
    )
    left, right = UNITS[bench.dialect["unit"]](size)
    # No unit reaches further than its size, so these windows are whole.
    inner = mask[2 * size : -2 * size].sum(-1)
    expected = np.full(inner.shape, (left or 0) + 1 + (right or 0))
    yield from masks.holds(expected, inner, "number of keys away from the borders")


@WINDOW_MASK.law("window-mask-own", "bands.unit", nulls=("zeros",), fields=masks.SQUARE)
def check_own(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every window holds the query's own key."""
    own = masks.mask_of(case, bench).diagonal()
    yield from masks.holds(np.ones_like(own), own, "own key")


@WINDOW_MASK.law(
    "window-mask-single",
    "bands.unit",
    nulls=("larger",),
    fields={**masks.SQUARE, "size": (1,), "queries": (2, 3, 5, 8)},
    # On both sides lies half of a size each, which none of 1 has.
    applies=lambda dialect, _: dialect["unit"] != "both_sides",
)
def check_single(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A window of 1 holds one, two or three keys, as its system means."""
    yield from agrees(case, bench, "size 1")


@WINDOW_MASK.law(
    "window-mask-nested", "bands.unit", nulls=("chunked",), fields={"size": (4, 6)}
)
def check_nested(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger window holds what a smaller one holds."""
    small = masks.mask_of(case, bench)
    for more in (2, 8):
        large = masks.mask_of(case.replace(size=case["size"] + more), bench)
        yield from masks.holds(small, small & large, f"in a window larger by {more}")


__all__ = ["UNITS", "WINDOW_MASK"]
