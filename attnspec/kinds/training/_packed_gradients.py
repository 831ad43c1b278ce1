"""What gradients of many sequences share: cotangents, results, and what is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge import invariance
from attnspec.judge.case import Case, cast
from attnspec.judge.compare import noted, rounding
from attnspec.judge.kind import Kind
from attnspec.judge.law import F64, Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.training._gradient_cases import (
    COTANGENTS,
    backward,
    cotangent,
    results_of,
)
from attnspec.kinds.training._gradient_results import given_by, right_for
from attnspec.numerics import Comparison, identical, within

GRADIENTS = ("dq", "dk", "dv")

_FEWER = {
    "group": (1, 4, 3),
    "width": (1, 4, 8, 64, 80),
    "value_width": (None, 1, 5),
}
"""Sizes of which fewer are drawn: the kind `attention-gradient` has all the others."""

UNSAID = (
    *(claim for claim in sequences.UNSAID if claim not in invariance.CLAIMS),
    "unread_nan_output",
)
"""What no keyword claims."""


def table_of(forward: Table, without: Collection[str]) -> Table:
    """Return what is drawn of backward passes: what of forward ones, and cotangents.

    Some fields of these have their first value; so nothing is claimed of them.
    """
    own = {n: (v[0],) if n in without else v for n, v in forward.fields.items()}
    forward_only = {*sequences.GRADIENTS, *invariance.CLAIMS}
    claims = {n: c for n, c in forward.claims.items() if not {*c.fields} & {*without}}
    return dataclasses.replace(
        forward,
        fields={
            **own,
            **_FEWER,
            "cotangent": COTANGENTS,
            "poison_output": sequences.POISONS,
        },
        claims={
            **{n: c for n, c in claims.items() if n not in forward_only},
            "unread_nan_output": sequences.unread("output"),
        },
        switches=tuple(n for n in forward.switches if n not in without),
        budget=None if forward.budget is None else backward(forward.budget),
    )


def null_needs(
    forward: Kind, without: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Return what nulls of a forward pass need; no logsumexp comes back from a pull."""
    left = {":lse", *without}
    return {n: needs for n, needs in forward.null_needs.items() if n not in left}


def pulled_back(recipe: Recipe, forward: Case, unowned: Array) -> Case:
    """Return the backward pass of a call, whose cotangent is poisoned at some rows."""
    shape = (*forward["query"].shape[:-1], forward["value"].shape[-1])
    drawn = cotangent(recipe, shape)
    drawn[unowned] = sequences.poison(recipe, "output")
    first = {name: forward[name] for name in ("query", "key", "value")}
    operands = {**first, "d_output": cast(drawn, recipe)}
    return sized(dataclasses.replace(forward, operands={**operands, **_rest(forward)}))


def _rest(forward: Case) -> dict[str, Any]:
    """Return the operands that say where sequences lie."""
    arrays = ("query", "key", "value", "d_output")
    return {n: v for n, v in forward.operands.items() if n not in arrays}


def sized(case: Case) -> Case:
    """Return the call with results as large as its operands."""
    return case.replace(results=results_of(case.operands, case.options))


def forward_of(case: Case) -> Case:
    """Return the call whose gradients are asked for, but for its results."""
    first = {name: case[name] for name in ("query", "key", "value")}
    return dataclasses.replace(case, operands={**first, **_rest(case)})


def spec(choices: Dialect) -> dict[str, str]:
    """Return the dialect of attention."""
    return {name: choices.get(name, choice) for name, choice in SPEC.items()}


def rounded(found: Mapping[str, Any], query: Array, sink: Array | None) -> Any:
    """Return gradients in the formats of their operands."""
    gradients = tuple(found[name].astype(query.dtype) for name in GRADIENTS)
    return (
        gradients if sink is None else (*gradients, found["dsink"].astype(sink.dtype))
    )


def halved(case: Case, right: Right) -> Array:
    """Answer with half of what is right."""
    return right(case) * 0.5


def first_of_group(case: Case, right: Right) -> Array:
    """Take the gradient of one query head for that of all that share a key head."""
    group = case["query"].shape[1] // case["key"].shape[1]
    return right(case) / group


def touched(unowned: Callable[[Case, str], Array]) -> Callable[[Case, Right], Array]:
    """Return the null that adds to each answer what stands where nobody may look."""

    def answer(case: Case, right: Right) -> Array:
        found = right(case)
        for name in ("key", "value", "d_output"):
            numbers = case[name][unowned(case, name)].astype(np.float64)
            found += np.nan_to_num(numbers, nan=1.0).clip(-8.0, 8.0).sum()
        return found

    return answer


NULLS = {"halved": halved, "first_of_group": first_of_group}


def places(queries: Any, keys: Any) -> dict[str, Any]:
    """Return the parts of gradients that are those of some queries and keys."""
    return {"dq": queries, "dk": keys, "dv": keys, "dsink": slice(None)}


ALL = places(slice(None), slice(None))
"""The whole of all gradients."""


def check_nothing(
    case: Case, bench: Bench, note: str, here: sequences.Places
) -> Iterator[Comparison]:
    """Yield whether parts of the gradients are exactly zero."""
    for name, found in given_by(case, bench).items():
        if name in here:
            size = np.abs(found[here[name]])
            yield noted(identical(np.zeros_like(size), size, what=name), note)


def heads_add_up(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether the gradients of a group's heads add up in that of its key head."""
    group = case["query"].shape[1] // case["key"].shape[1]
    wide = {n: case[n].repeat(group, axis=1) for n in ("key", "value")}
    whole = sized(case.replace(**wide))
    one, two = right_for(case, bench), right_for(whole, bench)
    first, second = given_by(case, bench), given_by(whole, bench)
    for name in ("dk", "dv"):
        there = _summed(second[name], group)
        bound = one[name][1] + _summed(two[name][1], group)
        bound = bound + group * rounding(_summed(np.abs(second[name]), group))
        yield noted(within(there, first[name], bound, what=name), "heads repeated")


def _summed(array: F64, group: int) -> F64:
    """Sum over the heads of each group."""
    first, _, *rest = array.shape
    return np.asarray(array.reshape(first, -1, group, *rest).sum(axis=2))


__all__ = [
    "ALL",
    "GRADIENTS",
    "NULLS",
    "UNSAID",
    "check_nothing",
    "first_of_group",
    "forward_of",
    "heads_add_up",
    "null_needs",
    "places",
    "pulled_back",
    "rounded",
    "sized",
    "spec",
    "table_of",
    "touched",
]
