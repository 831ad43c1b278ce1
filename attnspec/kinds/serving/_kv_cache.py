"""What a cache of keys and values is: histories, the exact answers, and their bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, Shape, cast
from attnspec.judge.claims import Claim
from attnspec.judge.law import F64, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._gathered import answers
from attnspec.kinds.serving._histories import Done, told
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import CacheStep, Segment

GROWING = (
    told("append 3, attend 1"),
    told("append 1, attend 1, append 1, attend 1"),
    told("append 5, append 2, attend 2"),
    told("append 3, append 1, append 7, attend 1, attend 3"),
    told(
        "append 2, attend 2, append 1, attend 1, append 1, attend 1, append 1, attend 1"
    ),
    told("append 15, append 1, attend 1, append 1, attend 1, append 1, attend 1"),
    told("append 33, attend 1, append 31, attend 5"),
    told("append 63, append 1, attend 1, append 1, attend 1, append 1, attend 1"),
    told("append 17, attend 5, append 17, attend 17"),
)
"""Tokens come, in one go or in several, and are asked for."""

BACK = (
    told("append 3, back 2, append 1, attend 1"),
    told("append 5, attend 1, back 2, attend 1"),
    told("append 4, attend 2, back 3, append 2, attend 2"),
    told("append 2, append 3, back 4, append 9, attend 3"),
    told(
        "append 17, back 1, append 1, attend 1, back 16, attend 1, append 1, attend 1"
    ),
)
"""The last tokens are taken back, and others come."""

RESET = (
    told("append 3, reset, append 2, attend 1"),
    told("append 5, attend 1, reset, append 1, attend 1"),
    told("append 2, reset, append 7, append 1, attend 3"),
)
"""All tokens are taken back, and others come."""

OTHER = (
    told("append 3, other, append 2, attend 1"),
    told("append 3, other, append 2, other, attend 1"),
    told("append 3, attend 1, other, append 5, attend 2, other, append 1, attend 1"),
)
"""Two caches are used in turn."""

ALONE = (
    told("append 2, append 3 1, attend 1"),
    told("append 3 0, append 1 1, attend 1, attend 2 0"),
    told("append 5, back 2 1, append 1 0, attend 1"),
    told("append 4, reset 0 0, append 2, attend 2"),
)
"""Some steps are about one sequence."""

EMPTY = (
    told("attend 1, append 2, attend 1"),
    told("append 2, reset, attend 1"),
    told("append 2, back 2, attend 1, append 1, attend 1"),
)
"""Queries come where there is no token."""

WALKS = tuple(histories.walk(number) for number in range(24))
"""Anything that can be done."""

_LONG, _LARGE = 33, 64
"""Longer histories, and larger widths, are drawn with one key head alone."""


def steps_of(recipe: Recipe) -> list[Done]:
    """Return the steps of a recipe."""
    return histories.read(recipe["steps"])


def peak(steps: list[Done], batch: int) -> int:
    """Return how many tokens a sequence has at most."""
    return int(histories.lengths(steps, batch).max(initial=0))


def total(steps: list[Done], what: CacheStep) -> int:
    """Return of how many tokens all steps of a sort are together."""
    return sum(step.number for step in steps if step.what == what)


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe with steps that can be done, and few heads where it is long."""
    steps = histories.possible(steps_of(recipe), recipe["batch"])
    recipe = recipe.replace(steps=histories.written(steps))
    if total(steps, CacheStep.APPEND) > _LONG or recipe["width"] > _LARGE:
        recipe = recipe.replace(key_heads=1)
    return recipe


def _stepping(change: Callable[[list[Done], int], list[Done]]) -> Any:
    """Return what changes the steps of a recipe."""

    def changed(recipe: Recipe) -> Recipe:
        steps = histories.possible(steps_of(recipe), recipe["batch"])
        changed = histories.written(change(steps, recipe["batch"]))
        return recipe.replace(steps=changed)

    return changed


def _claim(sentence: str, change: Callable[[list[Done], int], list[Done]]) -> Claim:
    """Return the claim of what a change of the steps does away with."""
    dropped = _stepping(change)
    same = _stepping(lambda steps, _: steps)
    return Claim(sentence, used=lambda r: dropped(r) != same(r), dropped=dropped)


def _without(what: CacheStep) -> Callable[[list[Done], int], list[Done]]:
    """Return what leaves out the steps of a sort."""

    def change(steps: list[Done], batch: int) -> list[Done]:
        return histories.possible(histories.without(steps, what), batch)

    return change


def _together(steps: list[Done], batch: int) -> list[Done]:
    """Return the steps, all of them about all sequences."""
    every = [step._replace(sequence=histories.ALL) for step in steps]
    return histories.possible(every, batch)


def _one_by_one(steps: list[Done], _batch: int) -> list[Done]:
    """Return the steps with one query in each that asks."""
    return [s.of(1) if s.what == CacheStep.ATTEND else s for s in steps]


_CLAIMS: Mapping[str, Claim] = {
    **{n: c for n, c in sequences.CLAIMS.items() if n in sequences.SWITCHES},
    **{
        name: sequences.CLAIMS[name]
        for name in ("return_lse", "grouped_query", "value_width")
    },
    "batch": Claim("several sequences", "batch"),
    "several_queries": _claim("several queries at once", _one_by_one),
    "earlier_queries": _claim(
        "queries that stand before the tokens of the last append",
        histories.among_the_last,
    ),
    "back": _claim("the last tokens can be taken back", _without(CacheStep.BACK)),
    "reset": _claim("all tokens can be taken back", _without(CacheStep.RESET)),
    "one_sequence": _claim("a step for one sequence alone", _together),
    "no_keys": _claim("queries where there is no token", histories.with_tokens),
    "attend_alone": _claim(
        "queries that do not directly follow an append", histories.appended_before
    ),
    "capacity": Claim("it is told for how many tokens to have room", "capacity"),
    "grows": Claim(
        "more tokens than it was told to have room for",
        used=lambda recipe: recipe["capacity"] == "half",
        dropped=lambda recipe: recipe.replace(capacity="exact"),
        beside=("capacity",),
    ),
    "return_tokens": Claim("its keys and values can be read", "return_tokens"),
    "return_lengths": Claim("how many tokens it has can be read", "return_lengths"),
}

_SHARED = (
    *("group", "value_width", "data", "causal", "window", "softcap", "sink"),
    *("scale", "return_lse"),
)

TABLE = Table(
    fields={
        "steps": (*GROWING, *BACK, *RESET, *OTHER, *ALONE, *EMPTY, *WALKS),
        "batch": (1, 2, 3),
        "capacity": (None, "exact", "more", "double", "half"),
        "key_heads": (1, 2),
        "width": (1, 4, 8, 32, 64, 80, 128),
        **{name: sequences.FIELDS[name] for name in _SHARED},
        "group": (1, 3, 4),
        "value_width": (None, 1, 5, 128),
        "return_tokens": (False, True),
        "return_lengths": (False, True),
        "layouts": ((),),
    },
    claims=_CLAIMS,
    mend=_mended,
    switches=sequences.SWITCHES,
    steps=("steps",),
)


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe."""
    batch, key_heads = recipe["batch"], recipe["key_heads"]
    width, value_width = sequences.widths(recipe)
    steps = steps_of(recipe)
    heads = key_heads * recipe["group"]
    asked, come = (total(steps, s) for s in (CacheStep.ATTEND, CacheStep.APPEND))
    shapes = {
        "query": (batch, heads, asked, width),
        "key": (batch, key_heads, come, width),
        "value": (batch, key_heads, come, value_width),
    }
    operands = {name: _drawn(recipe, name, shape) for name, shape in shapes.items()}
    operands["steps"] = histories.in_numbers(steps)
    options = sequences.options_of(recipe)
    if recipe["capacity"] is not None:
        options["capacity"] = _capacity(recipe["capacity"], peak(steps, batch))
    case = Case(operands, options, (), recipe.dtype)
    names = ("return_lse", "return_tokens", "return_lengths")
    return sized(case, *(name for name in names if recipe[name]))


def _drawn(recipe: Recipe, name: str, shape: Shape) -> Array:
    """Return queries, keys or values."""
    if recipe["data"] == "integers":
        array = integers(recipe.seed, name, shape, -3, 3) * 1.0
    else:
        louder = 4.0 if recipe["data"] == "loud" and name == "query" else 1.0
        array = louder * normals(recipe.seed, name, shape)
    return cast(array, recipe)


def _capacity(word: str, most: int) -> int:
    """Return for how many tokens there is room."""
    powers = {"double": 1 << most.bit_length(), "half": most // 2}
    return max(1, {"exact": most, "more": most + 1, **powers}[word])


def is_even(steps: list[Done]) -> bool:
    """Return whether all sequences always have as many tokens."""
    return all(step.sequence == histories.ALL for step in steps)


def sized(case: Case, *asked: str) -> Case:
    """Return the call with results as large as its operands make them.

    What it is `asked` for are the options that ask for results.
    """
    (batch, heads, queries, width), dtype = case["query"].shape, case.dtype
    (_, key_heads, _, value_width), steps = case["value"].shape, case["steps"]
    read = sum(len(t) for at, _, t in histories.reads(steps, batch) if at == 0)
    results: Any = [("output", (batch, heads, queries, value_width), dtype)]
    if "return_lse" in asked:
        results.append(("lse", (batch, heads, queries), None))
    # Sequences of several lengths have no array of tokens.
    if "return_tokens" in asked and is_even(histories.of_numbers(steps)):
        results.append(("keys", (batch, key_heads, read, width), dtype))
        results.append(("values", (batch, key_heads, read, value_width), dtype))
    else:
        asked = tuple(name for name in asked if name != "return_tokens")
    if "return_lengths" in asked:
        results.append(("lengths", (len(steps), batch), "integer"))
    return case.replace(results=tuple(results), **dict.fromkeys(asked, True))


def asked_of(case: Case) -> tuple[str, ...]:
    """Return the options of a call that ask for results."""
    names = ("return_lse", "return_tokens", "return_lengths")
    return tuple(name for name in names if case[name])


def gathered(case: Case) -> tuple[Array, Array, list[Segment]]:
    """Return keys and values as they are read, one step behind the other."""
    batch = len(case["query"])
    found = list(histories.reads(case["steps"], batch))
    columns: list[list[int]] = [[] for _ in range(batch)]
    segments = []
    for at, rows, tokens in found:
        start = len(columns[at])
        columns[at] += tokens
        segments.append(Segment(at, rows, slice(start, start + len(tokens))))
    longest = max(map(len, columns))
    arrays = []
    for name in ("key", "value"):
        shape = (*case[name].shape[:2], longest, case[name].shape[3])
        array = np.zeros(shape, case[name].dtype)
        for at, tokens in enumerate(columns):
            array[at, :, : len(tokens)] = case[name][at][:, tokens]
        arrays.append(array)
    return arrays[0], arrays[1], segments


def left_open(case: Case, _dialect: Dialect) -> Mapping[str, Array]:
    """Return which rows no step asks: those of sequences that it is not about."""
    unasked = np.ones(case["query"].shape[:3], np.bool_)
    for at, rows, _ in histories.reads(case["steps"], len(unasked)):
        unasked[at, :, rows] = False
    return {"output": unasked[..., None], "lse": unasked}


def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Attend, at each step that asks, to the tokens that there then are."""
    names = ("scale", "causal", "window", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    key, value, segments = gathered(case)
    found = answers((case["query"], key, value), segments, options, choices, model)
    others = {"lse": (found.lse, found.lse_bound)}
    kept: dict[str, Array] = {
        "keys": key,
        "values": value,
        "lengths": histories.lengths(
            histories.of_numbers(case["steps"]), len(case["query"])
        ),
    }
    others |= {name: _as_it_is(array) for name, array in kept.items()}
    return Judged(found.output, found.bound, others)


def _as_it_is(array: Array) -> tuple[F64, F64]:
    """Return what nothing is computed of, and that it may not be off at all."""
    wide = np.asarray(array, np.float64)
    return wide, np.zeros_like(wide)


__all__ = [
    "ALONE",
    "BACK",
    "EMPTY",
    "GROWING",
    "OTHER",
    "RESET",
    "TABLE",
    "WALKS",
    "asked_of",
    "build",
    "gathered",
    "is_even",
    "judge",
    "left_open",
    "peak",
    "sized",
    "steps_of",
    "total",
]
