"""Histories of a cache: calls that follow each other, each from what the last left.

A step is a word and a number: append so many tokens and attend, attend with so many
queries, take so many tokens back, or let sequences of the batch change places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.judge.bits import normals
from attnspec.judge.case import Case, cast
from attnspec.judge.law import Bench
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving._cached_calls import agrees, caches_of
from attnspec.numerics import Comparison

HISTORIES = (
    (("append", 1), ("move", 1), ("append", 1)),
    (("append", 2), ("back", 1), ("append", 1)),
    (("append", 3), ("move", 1), ("append", 1), ("back", 2), ("append", 2)),
    (("append", 1), ("attend", 1), ("append", 2), ("attend", 1)),
    (("append", 2), ("move", 1), ("append", 1), ("move", 1), ("append", 1)),
    (("append", 4), ("back", 3), ("move", 1), ("append", 2), ("attend", 2)),
)
"""What follows the first call."""


def check_history(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each call of a history is right by what the calls before it have left."""
    found = yield from agrees(case, bench, "call 1")
    state = _after(case, caches_of(found))
    for at, (word, number) in enumerate(case["recipe"]["steps"], 2):
        if word == "back":
            least = cached.pads_of(state)
            lengths = np.maximum(cached.before(state) - number, least)
            state = cached.again(state, before=lengths)
        elif word == "move":
            state = _moved(state, number)
        elif word == "append" or "nothing_new" in bench.capabilities:
            call = _call(state, word, number, at)
            found = yield from agrees(call, bench, f"call {at}: {word} {number}")
            state = _after(call, caches_of(found))


def _after(case: Case, caches: dict[str, Any]) -> Case:
    """Return the call with the caches that it left, and the lengths after it."""
    return cached.again(
        case, **caches, before=cached.before(case) + cached.new_of(case)
    )


def _moved(state: Case, number: int) -> Case:
    """Let sequences change their places in the batch, if slots can be said."""
    if state["slots"] is None:
        return state
    lengths = np.roll(cached.before(state), number)
    given = [name for name in ("slots", "left_pad") if state[name] is not None]
    moved = {name: np.roll(state[name], number) for name in given}
    return cached.again(state, **moved, before=lengths)


def _call(state: Case, word: str, number: int, at: int) -> Case:
    """Return the call of a step, with tokens of its own."""
    lengths, recipe = cached.before(state), state["recipe"]
    changes: dict[str, Any] = {"key": None, "value": None}
    names = ("query", "key", "value") if word == "append" else ("query",)
    for name in names:
        whose = name if name == "query" else f"{name}_cache"
        shape = (len(lengths), number, *state[whose].shape[2:])
        changes[name] = cast(normals(recipe.seed, f"{name} {at}", shape), recipe)
    # Nothing turns where nothing is new; the tables are there again when it is.
    tables = cached.tables(recipe)
    turned = tables if word == "append" else dict.fromkeys(tables)
    return cached.again(state, **changes, **turned, before=lengths)


__all__ = ["HISTORIES", "check_history"]
