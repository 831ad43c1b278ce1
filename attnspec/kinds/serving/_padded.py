"""What attention of padded sequences is: cases, the exact result, and its bound."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible
from attnspec.judge.bits import bits, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.claims import Claim
from attnspec.judge.law import Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import Work
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._budget import budget, work
from attnspec.kinds.serving._gathered import Answers, answers
from attnspec.kinds.serving._varlen import LENGTHS
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import Segment, padded_segments
from attnspec.reference.masks import causal, window

CHOICES = {
    "frontier": ("lengths", "queries", "start", "sizes"),
    "no_keys": ("zeros", "mean"),
    "length": ("count", "last"),
}
"""What systems differ in, the choice of the spec first.

frontier
    Where the queries of a sequence of n of N queries and m of M keys stand: the first
    one at m - n, m - N, 0, or M - N.
no_keys
    A query that sees no key is answered by zero, or by the mean of all M values.
length
    The length of the keys is their number, or the place of the last one.
"""


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe without one number for lengths that are not given."""
    if not recipe["key_lengths"]:
        recipe = recipe.replace(one_length=False)
    return sequences.mended(recipe)


def _longest(recipe: Recipe) -> tuple[int, int]:
    """Return how many rows the arrays of queries and of keys have."""
    queries, keys = (max(1, *own) for own in zip(*recipe["lengths"], strict=True))
    return queries + recipe["more_queries"], keys + recipe["more_keys"]


def _work(recipe: Recipe) -> Work:
    """Return the work of a call."""
    longest, count = _longest(recipe), len(recipe["lengths"])
    return work(recipe, [longest] * count, count * longest[1])


TABLE = Table(
    fields={
        "lengths": LENGTHS,
        "query_lengths": (False, True),
        "key_lengths": (False, True),
        # How many more rows the arrays have than the longest sequence.
        "more_queries": (0, 1, 3, 64),
        "more_keys": (0, 1, 3, 64),
        "one_length": (False, True),
        "mask": (None, "holes", "short"),
        "bias": (None, "normal"),
        **sequences.FIELDS,
    },
    claims={
        **sequences.CLAIMS,
        **sequences.GRADIENTS,
        "query_lengths": Claim("how many queries each sequence has", "query_lengths"),
        "key_lengths": Claim("how many keys each sequence has", "key_lengths"),
        "one_length": Claim(
            "one number for the lengths of all",
            used=lambda recipe: recipe["one_length"] and recipe["key_lengths"],
            dropped=lambda recipe: recipe.replace(one_length=False),
        ),
        "mask": Claim("a boolean mask, True attends", "mask"),
        "short_mask": Claim(
            "a mask of fewer keys, which hides the others",
            used=lambda recipe: recipe["mask"] == "short",
            dropped=lambda recipe: recipe.replace(mask="holes"),
        ),
        "bias": Claim("an additive bias", "bias"),
        "no_keys": Claim(
            "a sequence without keys",
            used=lambda recipe: any(not k for _, k in recipe["lengths"]),
            dropped=lambda recipe: recipe.replace(
                lengths=tuple((q, k or 1) for q, k in recipe["lengths"])
            ),
        ),
    },
    mend=_mended,
    switches=(*sequences.SWITCHES, "query_lengths", "key_lengths", "mask", "bias"),
    budget=budget(_work),
)


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: what lies beyond the lengths is poisoned."""
    queries, keys = np.array(recipe["lengths"]).T
    longest = _longest(recipe)
    form, options = np.dtype(recipe["index"]), sequences.options_of(recipe)
    if recipe["one_length"]:
        keys = np.full_like(keys, keys[0])
    if recipe["query_lengths"]:
        options["query_lengths"] = queries.astype(form)
    if recipe["key_lengths"]:
        alike = recipe["one_length"]
        options["key_lengths"] = keys[: 1 if alike else None].astype(form)
    case = _sized(recipe, _operands(recipe, longest, options), options)
    return case.replace(mask=_mask(recipe, case), bias=_bias(recipe, case))


def _operands(
    recipe: Recipe, longest: tuple[int, int], options: dict[str, Any]
) -> dict[str, Any]:
    """Return query, key and value."""
    batch, key_heads = len(recipe["lengths"]), recipe["key_heads"]
    width, value_width = sequences.widths(recipe)
    shapes = {
        "query": (batch, key_heads * recipe["group"], longest[0], width),
        "key": (batch, key_heads, longest[1], width),
        "value": (batch, key_heads, longest[1], value_width),
    }
    operands = {}
    for name, shape in shapes.items():
        lengths = options.get("query_lengths" if name == "query" else "key_lengths")
        past = np.zeros(shape[:3], np.bool_)
        if lengths is not None:
            ends = np.broadcast_to(lengths, batch)[:, None, None]
            past |= np.arange(shape[2]) >= ends
        operands[name] = sequences.drawn(recipe, name, shape, past)
    return operands


def _sized(recipe: Recipe, operands: dict[str, Any], options: dict[str, Any]) -> Case:
    case = Case(operands, options, (), recipe.dtype)
    return sized(case, return_lse=recipe["return_lse"])


def sized(case: Case, *, return_lse: bool) -> Case:
    """Return the call with results as large as its operands make them."""
    rows, width = case["query"].shape[:3], case["value"].shape
    return sequences.sized(case, (*rows, width[3]), rows, return_lse=return_lse)


def _mask(recipe: Recipe, case: Case) -> Array | None:
    if recipe["mask"] is None:
        return None
    keys = case["key"].shape[2]
    keys -= recipe["mask"] == "short" and keys > 1
    shape = (*case["query"].shape[:3], keys)
    return bits(recipe.seed, "mask", shape) % np.uint64(4) != 0


def _bias(recipe: Recipe, case: Case) -> Array | None:
    if recipe["bias"] is None:
        return None
    _, heads, queries, _ = case["query"].shape
    shape = (1, heads, queries, case["key"].shape[2])
    return cast(2.0 * normals(recipe.seed, "bias", shape), recipe)


def lengths_of(case: Case) -> tuple[Array, Array]:
    """Return how many queries and keys each sequence has, as they are given."""
    batch = len(case["query"])
    found = []
    for name, array in (("query_lengths", "query"), ("key_lengths", "key")):
        given = case.arguments.get(name, case[array].shape[2])
        found.append(np.broadcast_to(given, batch).astype(np.int64))
    return found[0], found[1]


def lengths_read(case: Case, choices: Dialect) -> tuple[Array, Array]:
    """Return how many queries and keys each sequence has by the dialect."""
    queries, keys = lengths_of(case)
    if choices["length"] == "last" and case["key_lengths"] is not None:
        keys = keys + 1
    if (keys > case["key"].shape[2]).any():
        msg = "a length beyond the keys"
        raise Inadmissible(msg)
    return queries, keys


def segments_of(case: Case) -> list[Segment]:
    """Return where the sequences of a call lie, lengths being numbers."""
    return padded_segments(*lengths_of(case))


def past_queries(case: Case) -> npt.NDArray[np.bool_]:
    """Return which queries are padding (B, L)."""
    lengths, _ = lengths_of(case)
    return np.arange(case["query"].shape[2]) >= lengths[:, None]


def past_keys(case: Case) -> npt.NDArray[np.bool_]:
    """Return which keys are padding (B, S)."""
    _, lengths = lengths_of(case)
    return np.arange(case["key"].shape[2]) >= lengths[:, None]


def visible_in(case: Case, lengths: tuple[Array, Array], choices: Dialect) -> Array:
    """Return who sees whom (B, Hq, L, S), as if no key were padding."""
    (batch, heads, queries, _), keys = case["query"].shape, case["key"].shape[2]
    starts = {
        "lengths": lengths[1] - lengths[0],
        "queries": lengths[1] - queries,
        "start": np.zeros(batch, np.int64),
        "sizes": np.full(batch, keys - queries),
    }[choices["frontier"]]
    here, there = starts[:, None] + np.arange(queries), np.arange(keys)
    seen = np.ones((batch, queries, keys), np.bool_)
    for at in range(batch):
        if case["causal"]:
            seen[at] &= causal(here[at], there)
        if case["window"] is not None:
            seen[at] &= window(here[at], there, *case["window"])
    whole = np.broadcast_to(seen[:, None], (batch, heads, queries, keys))
    return whole if case["mask"] is None else whole & _whole_mask(case)


def _whole_mask(case: Case) -> Array:
    """Return the mask with all keys: those that it does not have are hidden."""
    missing = case["key"].shape[2] - case["mask"].shape[3]
    rest = ((0, 0), (0, 0), (0, 0), (0, missing))
    return np.pad(case["mask"], rest, constant_values=False)


def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Attend within each sequence."""
    lengths = lengths_read(case, choices)
    visible = visible_in(case, lengths, choices)
    names = ("scale", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    options["mask"] = visible
    if case["bias"] is not None:
        options["bias"] = np.broadcast_to(case["bias"], visible.shape)
    arrays = case["query"], case["key"], case["value"]
    segments = padded_segments(*lengths)
    found = answers(arrays, segments, options, choices, model)
    if choices["no_keys"] == "mean" and case["sink"] is None:
        found = _with_means(case, found, unseeing(case, visible, lengths), model)
    return Judged(found.output, found.bound, {"lse": (found.lse, found.lse_bound)})


def unseeing(case: Case, visible: Array, lengths: tuple[Array, Array]) -> Array:
    """Return which queries see no key and are no padding (B, Hq, L)."""
    real = np.arange(visible.shape[3]) < lengths[1][:, None, None, None]
    none: Array = ~(visible & real).any(-1) & ~past_queries(case)[:, None]
    return none


def _with_means(
    case: Case, found: Answers, none: Array, model: NumericModel
) -> Answers:
    """Answer queries that see no key by the mean of all values, padding and all."""
    if not none.any():
        return found
    if case["value"][
        np.broadcast_to(past_keys(case)[:, None], case["value"].shape[:3])
    ].any():
        msg = "a mean of what is padded with other numbers than 0"
        raise Inadmissible(msg)
    nothing = np.zeros_like(case["query"]), np.zeros_like(case["key"]), case["value"]
    sizes = (np.full(len(a), a.shape[2]) for a in nothing[:2])
    choices = {"lse_sink": "inside", "lse_base": "e"}
    mean = answers(nothing, padded_segments(*sizes), {}, choices, model)
    rows = none[..., None]
    return dataclasses.replace(
        found,
        output=np.where(rows, mean.output, found.output),
        bound=np.where(rows, mean.bound, found.bound),
    )


__all__ = [
    "CHOICES",
    "TABLE",
    "build",
    "judge",
    "lengths_of",
    "lengths_read",
    "past_keys",
    "past_queries",
    "segments_of",
    "sized",
    "unseeing",
    "visible_in",
]
