"""What attention over pages is: cases, the exact result, and its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import EVERY_OPERAND, Case
from attnspec.judge.claims import Claim
from attnspec.judge.law import Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import Work
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._budget import budget, work
from attnspec.kinds.serving._gathered import answers
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import gather_pages, padded_segments

SEVERAL = (
    *(((1, 1), (2, 0)), ((2, -1), (0, 1), (1, 0))),
    *(((3, 1), (1, -1), (2, 0)), ((1, 0), (3, -1), (2, 1), (1, 1))),
)
"""Several sequences, none of them empty in pages of two slots or more."""

KEYLESS = (((1, 1), (0, 0)), ((0, 0), (2, 0), (1, 1)))
"""A sequence has no tokens."""

POOLS = ("key_pages", "value_pages")

STRIDED = (
    *(((EVERY_OPERAND, layout),) for layout in ("transposed", "sliced", "offset")),
    # Heads before slots in memory, or the heads of keys and of values in turn.
    *(tuple((pool, layout) for pool in POOLS) for layout in ("transposed", "sliced")),
    *((("value_pages", layout),) for layout in ("transposed", "sliced")),
)
"""Layouts of arrays that are not dense, or do not begin where others do."""

_MANY_SLOTS, _MOST_PAGES = 64, 2
"""Of pages with as many slots a sequence has so few: both cost time."""

_LONG, _LARGE = 33, 64
"""Longer sequences, and larger widths, are drawn with one key head, and few queries."""


def lengths_of(recipe: Recipe) -> npt.NDArray[np.int64]:
    """Return how many tokens each sequence has."""
    pages, more = np.array(recipe["lengths"], np.int64).T
    return np.asarray(pages * recipe["page"] + more)


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe with fewer pages, heads or queries where others are large."""
    if recipe["page"] >= _MANY_SLOTS:
        fewer = tuple((min(n, _MOST_PAGES), more) for n, more in recipe["lengths"])
        recipe = recipe.replace(lengths=fewer)
    if lengths_of(recipe).max() > _LONG or recipe["width"] > _LARGE:
        few = min(recipe["queries"], 5)
        recipe = recipe.replace(key_heads=1, queries=few)
    return recipe


def _with_tokens(recipe: Recipe) -> Recipe:
    """Return the recipe with a token in every sequence."""
    pairs = zip(recipe["lengths"], lengths_of(recipe), strict=True)
    return recipe.replace(lengths=tuple(p if n else (0, 1) for p, n in pairs))


def slots_of(recipe: Recipe, lengths: npt.NDArray[np.int64]) -> int:
    """Return for how many tokens the pages have room, at most."""
    pages = -(-lengths // recipe["page"])
    return int((pages.sum() + recipe["spare"]) * recipe["page"])


def _work(recipe: Recipe) -> Work:
    """Return the work of a call."""
    lengths = lengths_of(recipe)
    pairs = [(recipe["queries"], int(keys)) for keys in lengths]
    return work(recipe, pairs, slots_of(recipe, lengths))


TABLE = Table(
    fields={
        "page": (1, 2, 8, 16, 32, 64, 128, 256),
        # Of each sequence: its full pages, and how many tokens it has more.
        "lengths": (((0, 1),), *SEVERAL, *KEYLESS, ((1, 0), (1, 1), (1, 0))),
        "queries": (1, 2, 5, 17),
        "table": ("identity", "reversed", "random", "prefix"),
        # Pages that nobody has, and entries behind the pages of the longest sequence.
        "spare": (0, 1, 5),
        "more_entries": (0, 1, 3),
        "past": ("zero", "last", "negative", "stale"),
        # Of pages that a window skips, and a buffer for the result: laws draw them.
        "holes": (False,),
        "into": (False,),
        **sequences.FIELDS,
        "key_heads": (1, 2),
        "group": (1, 5, 8, 16),
        "width": (1, 4, 8, 64, 128, 256, 576),
        "value_width": (None, 1, 5, 128, 512),
        "layouts": ((), *STRIDED),
    },
    claims={
        **sequences.CLAIMS,
        "several_queries": Claim("several queries of each sequence", "queries"),
        "int64": Claim("tables and lengths of 64 bits", "index"),
        "no_keys": Claim(
            "a sequence without tokens",
            used=lambda recipe: not lengths_of(recipe).all(),
            dropped=_with_tokens,
        ),
        "holes": Claim("-1 in place of pages that end before a window", "holes"),
        "out": Claim("the result is written into a buffer", "into"),
        "negative_entries": Claim(
            "-1 behind the pages of a sequence",
            used=lambda recipe: recipe["past"] == "negative",
            dropped=lambda recipe: recipe.replace(past="zero"),
        ),
        "stale_table": Claim(
            "pages of another sequence behind those of a sequence",
            used=lambda recipe: recipe["past"] == "stale",
            dropped=lambda recipe: recipe.replace(past="zero"),
        ),
    },
    mend=_mended,
    switches=sequences.SWITCHES,
    budget=budget(_work),
)


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: slots that nobody has are poisoned."""
    lengths, form = lengths_of(recipe), np.dtype(recipe["index"])
    shared = lengths.min() // recipe["page"] if recipe["table"] == "prefix" else 0
    table, count = drawn_table(recipe, lengths, int(shared))
    page, key_heads = recipe["page"], recipe["key_heads"]
    width, value_width = sequences.widths(recipe)
    heads, queries = key_heads * recipe["group"], recipe["queries"]
    shapes = {
        "query": (len(lengths), queries, heads, width),
        "key_pages": (count, page, key_heads, width),
        "value_pages": (count, page, key_heads, value_width),
    }
    unowned = ~owned_slots(table, lengths, (count, page))
    if recipe["holes"] and recipe["window"] is not None:
        table = _with_holes(table, lengths - recipe["queries"], recipe)
    nobody = {"query": np.zeros(shapes["query"], np.bool_)}
    operands: dict[str, Any] = {
        name: sequences.drawn(recipe, name, shape, nobody.get(name, unowned))
        for name, shape in shapes.items()
    }
    operands |= {"table": table.astype(form), "lengths": lengths.astype(form)}
    case = Case(operands, sequences.options_of(recipe), (), recipe.dtype)
    if recipe["into"]:
        case = case.replace(out=np.zeros(0))
    return sized(case, return_lse=recipe["return_lse"])


def drawn_table(recipe: Recipe, lengths: Array, shared: int) -> tuple[Array, int]:
    """Return the table, and how many pages there are; all share the first few."""
    counts = -(-lengths // recipe["page"])
    # Pages are numbered in the order of their sequences; shared ones come first.
    own = counts - shared
    starts = np.cumsum(own) - own
    total = max(1, shared + int(own.sum()) + recipe["spare"])
    entries = np.arange(max(1, int(counts.max())) + recipe["more_entries"])
    numbers = np.where(entries < shared, entries, starts[:, None] + entries)
    table = _order(recipe, total)[np.minimum(numbers, total - 1)]
    past = {
        "zero": np.zeros_like(table[:, :1]),
        "last": np.full_like(table[:, :1], total - 1),
        "negative": np.full_like(table[:, :1], -1),
        "stale": np.roll(table[:, :1], 1, axis=0),
    }[recipe["past"]]
    return np.where(entries < counts[:, None], table, past), total


def _with_holes(table: Array, before: Array, recipe: Recipe) -> Array:
    """Return a table without the pages that end before any query's window begins."""
    left, _ = recipe["window"]
    seen = np.zeros_like(before) if left is None else np.maximum(before - left, 0)
    entries = np.arange(table.shape[1])
    return np.where(entries < (seen // recipe["page"])[:, None], -1, table)


def without_holes(table: Array, lengths: Array, page: int) -> Array:
    """Return a table that has the last page of each sequence in place of holes."""
    last = np.maximum(-(-lengths // page) - 1, 0)
    own = np.take_along_axis(table, last[:, None], axis=1)
    return np.where(table < 0, own, table)


def _order(recipe: Recipe, total: int) -> Array:
    """Return where in the pool each of the pages lies."""
    if recipe["table"] == "identity":
        return np.arange(total)
    if recipe["table"] == "reversed":
        return np.arange(total)[::-1]
    return np.argsort(bits(recipe.seed, "table", (total,)), kind="stable")


def sized(case: Case, *, return_lse: bool) -> Case:
    """Return the call with results as large as its operands make them."""
    (batch, queries, heads, _), width = case["query"].shape, case["value_pages"].shape
    output, lse = (batch, queries, heads, width[3]), (batch, heads, queries)
    return sequences.sized(case, output, lse, return_lse=return_lse)


def owned_slots(
    table: Array, lengths: Array, shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Return which slots of a pool (P, page) hold a token of a sequence."""
    page, owned = shape[1], np.zeros(shape, np.bool_)
    for row, length in zip(table, lengths, strict=True):
        tokens = np.arange(length)
        owned[row[tokens // page], tokens % page] = True
    return owned


def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Attend to the pages of each sequence."""
    names = ("scale", "causal", "window", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    query, lengths = case["query"].swapaxes(1, 2), case["lengths"]
    table = without_holes(case["table"], lengths, case["key_pages"].shape[1])
    key, value = (
        gather_pages(case[pool], table, lengths).swapaxes(1, 2) for pool in POOLS
    )
    segments = padded_segments(np.full(len(query), query.shape[2]), lengths)
    found = answers((query, key, value), segments, options, choices, model)
    output, bound = (a.swapaxes(1, 2) for a in (found.output, found.bound))
    return Judged(output, bound, {"lse": (found.lse, found.lse_bound)})


__all__ = [
    "KEYLESS",
    "POOLS",
    "SEVERAL",
    "STRIDED",
    "TABLE",
    "build",
    "drawn_table",
    "judge",
    "lengths_of",
    "owned_slots",
    "sized",
    "without_holes",
]
