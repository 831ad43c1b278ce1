"""Tokens that see and are seen by all: the kind `global-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

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
from attnspec.reference import global_tokens


def _marks(recipe: Recipe) -> dict[str, Array]:
    """Return which tokens are global."""
    both = {}
    for name, count in masks.counts(recipe).items():
        at = np.arange(count)
        kinds = {
            "none": at < 0,
            "first": at == 0,
            # One token in four.
            "any": integers(recipe.seed, name, (count,), 0, 3) == 0,
            "all": at >= 0,
        }
        both[name] = kinds[recipe[name + "_marked"]]
    return both


def _both(case: Case, _right: Right) -> Array:
    """Show a global query global keys alone."""
    return np.asarray(case["queries"][:, None] & case["keys"])


GLOBAL_MASK = masks.mask_kind(
    "global-mask",
    "Says which keys each query sees through global tokens.",
    global_tokens,
    usage=usage.GLOBAL_MASK,
    fields={
        **masks.SIZES,
        "queries_marked": ("first", "none", "any", "all"),
        "keys_marked": ("first", "none", "any", "all"),
    },
    operands=_marks,
    nulls={
        "keys_alone": lambda case, _: np.broadcast_to(case["keys"], case.results[0][1]),
        "both": _both,
    },
)


GLOBAL_MASK.agreement_law(
    "bands.global",
    "A pair is seen if the query is global, or the key.",
    nulls=("zeros", "ones", "keys_alone", "both"),
)


@GLOBAL_MASK.law(
    "global-mask-mutual",
    "bands.global",
    nulls=("keys_alone",),
    fields={"queries": masks.LONG, "queries_marked": ("first", "any")},
)
def check_mutual(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the same tokens global as queries and keys, seeing is mutual."""
    marked = case["queries"]
    square = case.replace(keys=marked).returning((len(marked), len(marked)))
    mask = masks.mask_of(square, bench)
    yield from masks.holds(mask.T, mask, "the other way round")


@GLOBAL_MASK.law(
    "global-mask-cross",
    "bands.global",
    nulls=("both", "keys_alone"),
    fields={"queries": masks.LONG, "queries_marked": ("first", "any")},
)
def check_cross(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A global row is full, a global column is full, and nothing else is shown."""
    mask = masks.mask_of(case, bench)
    rows, columns = case["queries"], case["keys"]
    yield from masks.holds(np.ones_like(mask[rows]), mask[rows], "global rows")
    yield from masks.holds(np.ones_like(mask[:, columns]), mask[:, columns], "columns")
    rest = mask[~rows][:, ~columns]
    yield from masks.holds(np.zeros_like(rest), rest, "the rest")


__all__ = ["GLOBAL_MASK"]
