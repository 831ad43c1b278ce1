"""What a merge of many partial results is: cases, the exact result, and its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits, integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Kind
from attnspec.judge.law import F64, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.serving import _usage as usage
from attnspec.kinds.serving._joined import LOG_OF_BASE, finished, joined
from attnspec.kinds.serving._merge import filling_of
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import merge_all as definition

PARTS = (2, 1, 3, 8, 17)
SEVERAL = (3, 8, 17)
SEVERAL_ROWS = (2, 3, 5, 8, 33)
MANY_ROWS = 65_537
"""More rows than a grid of 16 bits counts."""


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe with little else to each row where there are many of them."""
    if not recipe["parts"]:
        recipe = recipe.replace(data="normal", empty="none")
    if recipe["empty"] == "none":
        recipe = recipe.replace(filling="zeros", mark="minus_infinity")
    if recipe["rows"] == MANY_ROWS:
        recipe = recipe.replace(parts=min(3, recipe["parts"]), heads=1, width=1)
    return recipe


_TABLE = Table(
    fields={
        "rows": (1, *SEVERAL_ROWS),
        "parts": PARTS,
        "heads": (1, 2, 3, 8),
        "width": (1, 4, 8, 64, 128, 512),
        "data": ("integers", "normal", "offset", "sink"),
        "spread": (1.0, 0.0, 30.0, 100.0, 10_000.0),
        "offset": (0.0, 500.0, -500.0, 50_000.0, -50_000.0),
        "empty": ("none", "first", "last", "some", "all"),
        "filling": ("zeros", "large", "nan"),
        "mark": ("minus_infinity", "plus_infinity"),
    },
    claims={
        "empty": Claim("parts without keys", "empty"),
        "empty_nan": Claim(
            "a part without keys whose output is NaN",
            used=lambda recipe: recipe["filling"] == "nan",
            dropped=lambda recipe: recipe.replace(filling="large"),
        ),
        "plus_infinity": Claim(
            "a logsumexp of plus infinity, too, marks a part without keys", "mark"
        ),
        "no_parts": Claim(
            "no parts at all",
            used=lambda recipe: not recipe["parts"],
            dropped=lambda recipe: recipe.replace(parts=1),
        ),
    },
    mend=_mended,
)


def drawn(recipe: Recipe, label: str, parts: int) -> tuple[Array, Array]:
    """Return outputs (T, N, H, Ev) and logsumexps (T, N, H) of parts with keys."""
    shape = (recipe["rows"], parts, recipe["heads"])
    whole = (*shape, recipe["width"])
    noise: Array = normals(recipe.seed, f"output{label}", whole)
    if recipe["data"] == "integers":
        noise = integers(recipe.seed, f"output{label}", whole, -4, 4) * 1.0
    if recipe["data"] == "offset":
        noise += 30.0
    if recipe["data"] == "sink":
        # A sink is a part with a logsumexp and without an output.
        noise[:, 0] = 0.0
    common = normals(recipe.seed, "lse", (recipe["rows"], 1, recipe["heads"]))
    apart = recipe["spread"] * normals(recipe.seed, f"lse{label}", shape)
    lse = recipe["offset"] + common + apart
    wide = "float64" if recipe.dtype == "float64" else "float32"
    return cast(noise, recipe), lse.astype(wide)


def _is_empty(recipe: Recipe) -> npt.NDArray[np.bool_]:
    """Return which parts have no keys (T, N, H)."""
    shape = (recipe["rows"], recipe["parts"], recipe["heads"])
    if recipe["empty"] == "some":
        return bits(recipe.seed, "empty", shape) % np.uint64(3) == 0
    empty = np.full(shape, recipe["empty"] == "all")
    if recipe["empty"] in ("first", "last"):
        empty[:, 0 if recipe["empty"] == "first" else -1] = True
    return empty


def _build(recipe: Recipe) -> Case:
    outputs, lses = drawn(recipe, "", recipe["parts"])
    empty = _is_empty(recipe)
    outputs[empty] = filling_of(recipe, recipe["filling"])
    lses[empty] = np.inf if recipe["mark"] == "plus_infinity" else -np.inf
    return of(outputs, lses, recipe.dtype)


def of(outputs: Array, lses: Array, dtype: str) -> Case:
    """Return the call with these parts."""
    rows, _, *rest = outputs.shape
    results = (("output", (rows, *rest), dtype), ("lse", (rows, rest[0]), None))
    return Case({"outputs": outputs, "lses": lses}, {}, results, dtype)


def together(case: Case, size: int, base: str) -> Case:
    """Return the call whose parts are so many of these at once, exactly merged."""
    unit, count = LOG_OF_BASE[base], case["lses"].shape[1]
    merged = []
    for first in range(0, count, size):
        some = range(first, min(first + size, count))
        parts = [(case["outputs"][:, n], case["lses"][:, n] * unit) for n in some]
        output, lse = definition(parts)
        merged.append((output, lse / unit))
    outputs, lses = (np.stack(each, 1) for each in zip(*merged, strict=True))
    own = case["outputs"].dtype, case["lses"].dtype
    return case.replace(outputs=outputs.astype(own[0]), lses=lses.astype(own[1]))


def parts_first(case: Case) -> tuple[F64, F64]:
    """Return logsumexps and outputs in float64, the parts first."""
    lses, outputs = (np.asarray(case[n], np.float64) for n in ("lses", "outputs"))
    return lses.swapaxes(0, 1), outputs.swapaxes(0, 1)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Weigh each part by its share of all exponentials."""
    lses, outputs = parts_first(case)
    exact = joined(lses, outputs, choices["base"], model)
    found = np.nan if choices["all_empty"] == "nan" else 0.0
    mark = np.nan if choices["empty_lse"] == "nan" else -np.inf
    nothing = np.full(outputs.shape[1:], found), np.full(lses.shape[1:], mark)
    return finished(exact, lses, *nothing)


def _defined(outputs: Array, lses: Array) -> tuple[Array, Array]:
    """Evaluate the definition and round its results once."""
    known = np.where(np.isposinf(lses), -np.inf, lses)
    parts = [(outputs[:, n], known[:, n]) for n in range(outputs.shape[1])]
    rows, _, heads, width = outputs.shape
    nothing = np.zeros((rows, heads, width)), np.full((rows, heads), -np.inf)
    output, lse = definition(parts or [nothing])
    return output.astype(outputs.dtype), lse.astype(lses.dtype)


def _mean(case: Case, _right: Right) -> Array:
    """Weigh all parts alike."""
    return parts_first(case)[1].mean(0)


def _summed(case: Case, _right: Right) -> Array:
    """Add the parts, whatever keys they have."""
    return parts_first(case)[1].sum(0)


def _undivided(case: Case, _right: Right) -> Array:
    """Weigh each part by its exponential below the largest, and never divide."""
    lses, outputs = parts_first(case)
    return (np.exp(lses - lses.max(0))[..., None] * outputs).sum(0)


def _largest(case: Case, _right: Right) -> Array:
    """Return the largest logsumexp."""
    return parts_first(case)[0].max(0)


def _first(case: Case, right: Right) -> Array:
    """Return the first part."""
    return np.asarray(case[f"{right.result or 'output'}s"][:, 0])


def _other_base(case: Case, right: Right) -> Array:
    """Read the logsumexps to the other base."""
    return right.under(base={"e": "2", "2": "e"}[right.dialect["base"]])(case)


def _next_row(case: Case, right: Right) -> Array:
    """Answer each row with the one before it."""
    return np.roll(right(case), 1, axis=0)


_PROBE: dict[str, Any] = {"rows": 3, "parts": 3, "heads": 2, "width": 4}

MERGE_ALL = Kind(
    name="merge-all",
    sentence="Joins attention over any number of disjoint sets of keys.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.MERGE_ALL,
    simplest={"rows": 3, "parts": 3, "heads": 3, "width": 8, "data": "normal"},
    given=("empty",),
    unsaid=("empty_nan", "plus_infinity", "no_parts"),
    choices={
        "base": ("e", "2"),
        "all_empty": ("zeros", "nan"),
        "empty_lse": ("minus_infinity", "nan"),
    },
    choice_needs={"all_empty": ("empty",), "empty_lse": ("empty",)},
    probes=(_PROBE, {**_PROBE, "empty": "all"}),
    nulls={
        "mean": _mean,
        "summed": _summed,
        "undivided": _undivided,
        "largest": _largest,
        "first": _first,
        "other_base": _other_base,
        "next_row": _next_row,
    },
)


__all__ = [
    "MANY_ROWS",
    "MERGE_ALL",
    "SEVERAL",
    "SEVERAL_ROWS",
    "drawn",
    "of",
    "parts_first",
    "together",
]
