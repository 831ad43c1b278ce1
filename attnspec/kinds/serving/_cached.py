"""What attention over a cache is: cases, the exact result, and its bound."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.case import Case, Write, cast
from attnspec.judge.law import F64, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._cached_table import CACHES, longest
from attnspec.kinds.serving._gathered import answers
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import Segment, append, default_scale, rotary_pairs
from attnspec.reference.rope import Pairing

_FAR = 5_000
"""Where positions begin that are far from the first."""


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: what belongs to no sequence is poisoned."""
    before, new = np.array(recipe["lengths"]), recipe["new"]
    batch, key_heads = len(before), recipe["key_heads"]
    width, value_width = sequences.widths(recipe)
    heads, queries = key_heads * recipe["group"], new or recipe["queries"]
    slots, count = _slots(recipe, batch)
    pads = np.minimum(before, np.arange(batch) % 3 + 1) * recipe["left_pad"]
    capacity = max(1, longest(recipe) + recipe["room"])
    unowned = np.ones((count, capacity), np.bool_)
    for slot, pad, length in zip(slots, pads, before, strict=True):
        unowned[slot, pad:length] = False
    shapes = {
        "query": (batch, queries, heads, width),
        "key_cache": (count, capacity, key_heads, width),
        "value_cache": (count, capacity, key_heads, value_width),
        "key": (batch, new, key_heads, width),
        "value": (batch, new, key_heads, value_width),
    }
    given: dict[str, Any] = {}
    for name, shape in shapes.items():
        nobody = unowned if name in CACHES else np.zeros(shape, np.bool_)
        given[name] = sequences.drawn(recipe, name, shape, nobody)
    form = np.dtype(recipe["index"])
    options = sequences.options_of(recipe)
    tokens = {name: given.pop(name) for name in ("key", "value")}
    options |= tokens if new else {}
    options |= {} if recipe["slots"] is None else {"slots": slots.astype(form)}
    options |= {"left_pad": pads.astype(form)} if recipe["left_pad"] else {}
    options |= tables(recipe)
    facts = {"lengths_are": recipe["lengths_are"], "standing": None}
    case = Case(
        {**given, "lengths": before.astype(form)},
        options,
        (),
        recipe.dtype,
        facts=facts,
    )
    case = with_before(case, before)
    return sized(case, return_lse=recipe["return_lse"])


def _slots(recipe: Recipe, batch: int) -> tuple[Array, int]:
    """Return where in the cache each sequence is, and for how many there is room."""
    own = np.arange(batch)
    if recipe["slots"] == "sparse":
        count = 2 * batch + 1
        order = np.argsort(bits(recipe.seed, "slots", (count,)), kind="stable")
        return order[:batch], count
    return (own[::-1] if recipe["slots"] == "reversed" else own), batch


def tables(recipe: Recipe) -> dict[str, Any]:
    """Return tables of cosines and sines, and which entries turn together if said."""
    if recipe["rotary"] is None:
        return {}
    rows, width = longest(recipe), recipe["width"]
    turning = width // 2 * 2 if recipe["rotary"] == "whole" else width // 4 * 2
    frequencies = 10_000.0 ** (-np.arange(0, turning, 2) / turning)
    first = _FAR if recipe["angles"] == "far" else 0
    angles = (first + np.arange(rows))[:, None] * frequencies
    if recipe["angles"] == "random":
        angles = 2 * np.pi * bits(recipe.seed, "angles", angles.shape) / 2.0**64
    found = {
        "cosine": cast(np.cos(angles), recipe),
        "sine": cast(np.sin(angles), recipe),
    }
    said = recipe["interleaved"]
    return found if said is None else {**found, "interleaved": said}


def new_of(case: Case) -> int:
    """Return how many new tokens each sequence has."""
    return 0 if case["key"] is None else case["key"].shape[1]


def _more(case: Case) -> int:
    """Return by how much lengths count more than the tokens before."""
    return {"before": 0, "after": new_of(case), "last": new_of(case) - 1}[
        case["lengths_are"]
    ]


def before(case: Case) -> Array:
    """Return how many tokens each sequence has before the call."""
    return np.asarray(case["lengths"], np.int64) - _more(case)


def with_before(case: Case, lengths: Array) -> Case:
    """Return the call whose sequences have so many tokens before."""
    form = case["lengths"].dtype
    return case.replace(lengths=(lengths + _more(case)).astype(form))


def slots_of(case: Case) -> Array:
    """Return where in the cache each sequence is."""
    given = case["slots"]
    return np.arange(len(case["query"])) if given is None else np.asarray(given)


def pads_of(case: Case) -> Array:
    """Return how many tokens of each sequence are padding."""
    given = case["left_pad"]
    return np.zeros(len(case["query"]), int) if given is None else np.asarray(given)


def written(case: Case) -> Array:
    """Return which places of the cache (C, cap) the call writes."""
    found = np.zeros(case["key_cache"].shape[:2], np.bool_)
    for slot, length in zip(slots_of(case), before(case), strict=True):
        found[slot, length : length + new_of(case)] = True
    return found


def sized(case: Case, *, return_lse: bool) -> Case:
    """Return the call with the results that its operands make, and what it writes."""
    (batch, queries, heads, _), width = case["query"].shape, case["value_cache"].shape
    output, lse = (batch, queries, heads, width[3]), (batch, heads, queries)
    case = sequences.sized(case, output, lse, return_lse=return_lse)
    if not new_of(case):
        return case.replace(writes={})
    where = written(case)[:, :, None, None]
    caches: Any = [(cache, case[cache].shape, case.dtype) for cache in CACHES]
    writes = {cache: Write(cache, where) for cache in CACHES}
    return case.replace(results=(*case.results, *caches), writes=writes)


def again(case: Case, **changes: Any) -> Case:
    """Return the call with some arguments changed, sized anew."""
    lengths = changes.pop("before", before(case))
    other = with_before(case.replace(**changes), lengths)
    return sized(other, return_lse=case["return_lse"] is not None)


def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Put new tokens into the cache, and attend to what each sequence then has.

    Where the caches after the call are known, it is attended to the keys in them.
    """
    found = stored(case, choices, model)
    (key, error), (value, _) = found.values()
    query = Tracked.of(case["query"], model)
    if is_turned(case):
        query = _turned(case, query, rows_of(case, choices)[0], choices, model)
    if case["standing"] is not None:
        key, error = np.asarray(case["standing"], np.float64), np.zeros_like(error)
    exact = _attended(case, query, (key, error, value), choices, model)
    return dataclasses.replace(exact, others={**exact.others, **found})


def is_turned(case: Case) -> bool:
    """Return whether queries and new keys are turned."""
    return bool(new_of(case)) and case["cosine"] is not None


def stored(
    case: Case, choices: Dialect, model: NumericModel
) -> dict[str, tuple[F64, F64]]:
    """Return both caches after the call, and how far off they may be."""
    found = {}
    for name, new in (("key_cache", "key"), ("value_cache", "value")):
        cache = np.asarray(case[name], np.float64)
        error = np.zeros_like(cache)
        if new_of(case):
            tokens = Tracked.of(case[new], model)
            if new == "key" and is_turned(case):
                rows = rows_of(case, choices)[1]
                tokens = _turned(case, tokens, rows, choices, model)
            where = before(case), slots_of(case)
            cache = append(cache, tokens.value, *where)
            error = append(error, tokens.error, *where)
        found[name] = cache, error
    return found


def _attended(
    case: Case,
    query: Tracked,
    caches: tuple[F64, F64, F64],
    choices: Dialect,
    model: NumericModel,
) -> Judged:
    """Attend to the tokens of each sequence behind its padding."""
    names = ("scale", "causal", "window", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    slots, total = slots_of(case), before(case) + new_of(case)
    key, off, value = (a[slots].swapaxes(1, 2) for a in caches)
    rows, exact = query.swapaxes(1, 2), case["query"].swapaxes(1, 2)
    carried = _carried(case, rows, key, off) if is_turned(case) else None
    here = slice(0, exact.shape[2])
    segments = [
        Segment(b, here, slice(int(min(pad, end)), int(end)))
        for b, (pad, end) in enumerate(zip(pads_of(case), total, strict=True))
    ]
    arrays = (rows.value if is_turned(case) else exact, key, value)
    found = answers(arrays, segments, options, choices, model, carried)
    output, bound = (a.swapaxes(1, 2) for a in (found.output, found.bound))
    return Judged(output, bound, {"lse": (found.lse, found.lse_bound)})


def _carried(case: Case, query: Tracked, key: F64, error: F64) -> F64:
    """Return how far off scaled products may be since queries and keys are."""
    group = query.value.shape[1] // key.shape[1]
    size = np.where(np.isfinite(key), np.abs(key), 0.0)
    size, off = (np.repeat(a, group, axis=1).swapaxes(2, 3) for a in (size, error))
    scale = (
        default_scale(query.value.shape[-1]) if case["scale"] is None else case["scale"]
    )
    products = np.abs(query.value) @ off + query.error @ (size + off)
    return np.asarray(abs(scale) * products)


def rows_of(case: Case, choices: Dialect) -> tuple[Array, Array]:
    """Return by which rows of the tables queries and new keys are turned."""
    first = before(case)
    if choices["left_pad_positions"] == "tokens":
        first = first - pads_of(case)
    rows = first[:, None] + np.arange(new_of(case))
    all_alike = choices["query_turn"] == "all_alike"
    if all_alike and case["causal"] is None and case["window"] is None:
        return np.broadcast_to(first[:, None], rows.shape), rows
    return rows, rows


def _turned(
    case: Case, x: Tracked, rows: Array, choices: Dialect, model: NumericModel
) -> Tracked:
    """Turn vectors by rows of the tables, and round them to the format of the case."""
    places = rotary_pairs(
        2 * case["cosine"].shape[1], pairing=pairing_of(case, choices)
    )
    cosine, sine = (x.like(case[name][rows][:, :, None]) for name in ("cosine", "sine"))
    one, two = (x[..., place] for place in places)
    parts = one * cosine - two * sine, one * sine + two * cosine
    value, error = x.value.copy(), x.error.copy()
    for place, part in zip(places, parts, strict=True):
        rounded = judged(part, model)
        value[..., place], error[..., place] = rounded.output, rounded.bound
    return x.like(value, error)


def pairing_of(case: Case, choices: Dialect) -> Pairing:
    """Return which entries turn together: as the call says, or by choice."""
    neighbors = choices["pairing"] == "interleaved"
    said = case["interleaved"]
    return "interleaved" if (neighbors if said is None else said) else "half_split"


__all__ = [
    "again",
    "before",
    "build",
    "is_turned",
    "judge",
    "new_of",
    "pads_of",
    "pairing_of",
    "rows_of",
    "sized",
    "slots_of",
    "stored",
    "tables",
    "with_before",
    "written",
]
