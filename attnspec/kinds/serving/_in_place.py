"""Merges in the place of the first part, of all rows or of some."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import Case, Write
from attnspec.judge.claims import Claim
from attnspec.judge.recipe import Recipe
from attnspec.numerics.tracked import Judged

FIELDS = {"in_place": (False,), "chosen": (False,)}
"""What the laws of it draw True for."""

CLAIMS = {
    "in_place": Claim("results in the place of the first part", "in_place"),
    "rows": Claim("rows that are left as they are", "chosen"),
}


def in_place(case: Case, recipe: Recipe) -> Case:
    """Return the call whose results come in the place of the first part, if drawn."""
    if not recipe["in_place"]:
        return case
    rows = _rows(recipe, len(case["lse_a"])) if recipe["chosen"] else None
    wheres = (None, None) if rows is None else (rows[:, None, None], rows[:, None])
    writes = {
        f"{name}_a": Write(name, where)
        for name, where in zip(("output", "lse"), wheres, strict=True)
    }
    return case.replace(rows=rows, in_place=True, writes=writes)


def _rows(recipe: Recipe, count: int) -> Array:
    """Return which rows are merged: the first is, and the last of several is not."""
    chosen = bits(recipe.seed, "rows", (count,)) % np.uint64(2) == 0
    chosen[-1] = False
    chosen[0] = True
    return chosen


def kept(case: Case, exact: Judged) -> Judged:
    """Give rows that are not merged what they have."""
    rows = case["rows"]
    if rows is None:
        return exact
    (lse, lse_bound), here = exact.others["lse"], rows[:, None, None]
    return Judged(
        output=np.where(here, exact.output, np.asarray(case["output_a"], np.float64)),
        bound=np.where(here, exact.bound, 0.0),
        others={
            "lse": (
                np.where(rows[:, None], lse, case["lse_a"]),
                np.where(rows[:, None], lse_bound, 0.0),
            )
        },
    )


__all__ = ["CLAIMS", "FIELDS", "in_place", "kept"]
