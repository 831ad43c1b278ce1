"""New tokens in pages: cases, and what each slot holds after a call."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import Case, Write
from attnspec.judge.claims import Claim
from attnspec.judge.law import Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.serving import _paged as paged
from attnspec.kinds.serving import _sequences as sequences
from attnspec.numerics import NumericModel
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.numerics.tracked import Judged

NEW = {"key_pages": "key", "value_pages": "value"}
"""For each pool what is put into it."""

SEAMS = (
    *(((1, -1), (0, 1)), ((1, 0), (2, 0)), ((2, -1), (0, 0), (1, -1))),
    *(((1, -1), (1, 0), (1, -1)), ((2, 0), (1, -1))),
)
"""Sequences whose last page is full, or has one slot left."""

_MANY_SLOTS, _FEW = 64, 8
"""Pages with as many slots have vectors of so few entries: both cost time."""


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe with fewer pages, and smaller vectors, where pages are large.

    No sequence begins with fewer than no tokens.
    """
    pairs = tuple(p if n >= 0 else (0, 0) for p, n in _counted(recipe))
    recipe = recipe.replace(lengths=pairs)
    if recipe["page"] >= _MANY_SLOTS:
        fewer = tuple((min(n, 2), more) for n, more in recipe["lengths"])
        narrow = min(recipe["width"], _FEW)
        recipe = recipe.replace(lengths=fewer, width=narrow, value_width=None)
    return recipe


def _counted(recipe: Recipe) -> Any:
    return zip(recipe["lengths"], paged.lengths_of(recipe), strict=True)


TABLE = Table(
    fields={
        "page": (1, 2, 8, 16, 32, 64, 128, 256),
        # Of each sequence before: its full pages, and how many tokens it has more.
        "lengths": (((0, 0),), *paged.SEVERAL, *SEAMS, *paged.KEYLESS),
        "tokens": (1, 2, 5, 17, 0),
        "table": ("identity", "reversed", "random", "prefix"),
        "spare": (0, 1, 5),
        "more_entries": (0, 1, 3),
        "past": ("zero", "last", "negative", "stale"),
        "key_heads": (1, 2, 3),
        "width": (1, 4, 8, 64, 128),
        "value_width": (None, 1, 5, 128),
        "data": ("integers", "normal", "bits"),
        "poison_key": sequences.POISONS,
        "poison_value": sequences.POISONS,
        "counts": (False, True),
        "index": ("int32", "int64"),
        "in_place": (True, False),
        "layouts": ((), *paged.STRIDED),
    },
    claims={
        "value_width": sequences.CLAIMS["value_width"],
        "int64": Claim("tables and lengths of 64 bits", "index"),
        "counts": Claim("fewer new tokens for some sequences", "counts"),
        "no_tokens": Claim(
            "a call without new tokens",
            used=lambda recipe: not recipe["tokens"],
            dropped=lambda recipe: recipe.replace(tokens=1),
        ),
        "negative_entries": paged.TABLE.claims["negative_entries"],
        "stale_table": paged.TABLE.claims["stale_table"],
        "in_place": Claim(
            "new tokens are written into the pools; they are not returned",
            used=lambda recipe: recipe["in_place"],
            dropped=lambda recipe: recipe.replace(in_place=False),
            forced=lambda recipe: recipe.replace(in_place=True),
        ),
    },
    mend=_mended,
)


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: slots that nobody has yet are poisoned."""
    before, form = paged.lengths_of(recipe), np.dtype(recipe["index"])
    counts = _counts(recipe)
    shared = before.min() // recipe["page"] if recipe["table"] == "prefix" else 0
    table, pages = paged.drawn_table(recipe, before + counts, int(shared))
    slots, width = (pages, recipe["page"]), sequences.widths(recipe)
    rows, unowned = (
        (len(before), recipe["tokens"]),
        ~paged.owned_slots(table, before, slots),
    )
    nobody = np.arange(recipe["tokens"]) >= counts[:, None]
    operands: dict[str, Any] = {}
    for name, whose, size in (
        *(("key", nobody, width[0]), ("value", nobody, width[1])),
        *(("key_pages", unowned, width[0]), ("value_pages", unowned, width[1])),
    ):
        lead = slots if name in NEW else rows
        shape = (*lead, recipe["key_heads"], size)
        operands[name] = _drawn(recipe, name, shape, whose)
    operands |= {"table": table.astype(form), "lengths": before.astype(form)}
    options = {"counts": counts.astype(form)} if recipe["counts"] else {}
    case = Case(operands, options, (), recipe.dtype)
    return sized(case, in_place=recipe["in_place"])


def _counts(recipe: Recipe) -> npt.NDArray[np.int64]:
    """Return how many tokens each sequence gets: the first one all of them."""
    most, batch = recipe["tokens"], len(recipe["lengths"])
    if not recipe["counts"]:
        return np.full(batch, most)
    drawn = bits(recipe.seed, "counts", (batch,)) % np.uint64(most + 1)
    return np.append(most, drawn[1:]).astype(np.int64)


def _drawn(
    recipe: Recipe, name: str, shape: tuple[int, ...], unowned: Array
) -> npt.NDArray[Any]:
    """Return numbers, or any bits: subnormal numbers, infinities, and -0 as well."""
    if recipe["data"] != "bits":
        return sequences.drawn(recipe, name, shape, unowned)
    word, form = bits(recipe.seed, name, shape), numpy_dtype(recipe.dtype)
    array = word.astype(f"u{form.itemsize}").view(form)
    # Of the many forms of NaN some are no other number's business.
    array = np.where(np.isnan(array), np.full((), np.nan, form), array)
    few = (word >> np.uint64(40)) % np.uint64(8) == 0
    return np.where(few, np.full((), -0.0, form), array)


def sized(case: Case, *, in_place: bool) -> Case:
    """Return the call with results as large as its operands make them."""
    results: Any = tuple((n, case[n].shape, case.dtype) for n in NEW)
    writes = {name: Write(name) for name in NEW} if in_place else {}
    return case.replace(results=results, writes=writes)


def counts_of(case: Case) -> npt.NDArray[np.int64]:
    """Return how many tokens each sequence of a call gets."""
    batch, most = case["key"].shape[:2]
    given = case["counts"]
    return np.asarray(np.full(batch, most) if given is None else given, np.int64)


def totals_of(case: Case) -> npt.NDArray[np.int64]:
    """Return how many tokens each sequence has after the call."""
    return np.asarray(case["lengths"] + counts_of(case), np.int64)


def judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    """Put each new token into its slot; all else is as it was."""
    page, after = case["key_pages"].shape[1], {n: case[n].copy() for n in NEW}
    for b, (length, count) in enumerate(
        zip(case["lengths"].tolist(), counts_of(case).tolist(), strict=True)
    ):
        for t in range(count):
            entry, slot = divmod(length + t, page)
            for pool, name in NEW.items():
                after[pool][case["table"][b, entry], slot] = case[name][b, t]
    exact = {name: np.asarray(pool, np.float64) for name, pool in after.items()}
    output, value = exact["key_pages"], exact["value_pages"]
    others = {"value_pages": (value, np.zeros(value.shape))}
    return Judged(output, np.zeros(output.shape), others)


__all__ = [
    "NEW",
    "SEAMS",
    "TABLE",
    "build",
    "counts_of",
    "judge",
    "sized",
    "totals_of",
]
