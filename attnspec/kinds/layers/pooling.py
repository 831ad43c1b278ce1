"""One vector for a whole set: the kind `pooling`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.kinds.layers._tracked_softmax import mixed
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import pool

_TABLE = Table(
    fields={
        "members": (1, 2, 3, 5, 8, 17, 33, 65),
        "width": (2, 1, 3, 4, 8, 16),
        "value_width": (2, 1, 3, 8),
        "mask": (None, "members"),
        "data": projected.DATA,
    },
    claims={"mask": Claim("a mask that says which members are real", "mask")},
)


def _build(recipe: Recipe) -> Case:
    members, width, value_width = (
        recipe[name] for name in ("members", "width", "value_width")
    )
    operands = {
        "query": projected.drawn(recipe, "query", (width,)),
        "key": projected.drawn(recipe, "key", (members, width)),
        "value": projected.drawn(recipe, "value", (members, value_width)),
    }
    mask = projected.mask_of(recipe, (1, members))
    return single(recipe, operands, (value_width,), {"mask": mask})


def _judge(case: Case, _choices: Dialect, model: NumericModel) -> Judged:
    """Average the values by the softmax of one row of scores."""
    query = Tracked.of(case["query"][None], model)
    key, value = query.like(case["key"]), query.like(case["value"])
    scores = projected.scaled(
        query @ key.swapaxes(-1, -2), None, case["query"].shape[-1]
    )
    visible = np.ones(len(case["key"]), bool) if case["mask"] is None else case["mask"]
    return judged(mixed(scores, value, visible, stored=model.weights)[0], model)


def _defined(
    query: Array, key: Array, value: Array, *, mask: Array | None = None
) -> Array:
    """Evaluate the definition and round its result once."""
    return pool(query, key, value, mask=mask).astype(query.dtype)


def _first(case: Case, _right: Right) -> Array:
    """Hand on the first value."""
    return np.asarray(case["value"][0], np.float64)


def _summed(case: Case, right: Right) -> Array:
    """Take as much more as there are members."""
    return right(case) * (1 + len(case["key"]))


POOLING = Kind(
    name="pooling",
    sentence="Sums up a whole set in one vector, asked for by one query.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.POOLING,
    simplest={"members": 5, "width": 4, "value_width": 8, "data": "normal"},
    nulls={
        "unmasked": forgetting("mask"),
        # Without a query all members count the same.
        "meaning": zeroing("query"),
        "first": _first,
        "summed": _summed,
    },
    null_needs={"unmasked": ("mask",)},
)


POOLING.agreement_law(
    "sets.invariance",
    "The vector that comes out is the attention of one query to all members.",
    nulls=("zeros", "unmasked", "meaning", "first"),
)


def _of_members(case: Case) -> tuple[str, ...]:
    """Return the arguments that say something of each member."""
    return ("key", "value") if case["mask"] is None else ("key", "value", "mask")


@POOLING.law(
    "pooling-order",
    "sets.invariance",
    nulls=("first",),
    fields={"members": (2, 3, 5, 8, 17), "data": ("integers", "normal")},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A set gives the same vector in every order."""
    count = np.arange(len(case["key"]))
    for note, order in (("reversed", count[::-1]), ("rotated", np.roll(count, 1))):
        moved = case.changed(operator.itemgetter(order), *_of_members(case))
        yield from alike(case, moved, bench, note)


@POOLING.law(
    "pooling-mean",
    "sets.invariance",
    nulls=("first", "zeros", "summed"),
    fields={"members": (2, 3, 5, 8, 17, 33), "data": ("integers", "normal", "wide")},
)
def check_mean(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query of zeros takes the mean of the real members."""
    none = case.replace(query=np.zeros_like(case["query"]))
    yield from agrees(none, bench, "a query of zeros")


@POOLING.law(
    "pooling-sharp",
    "sets.invariance",
    nulls=("meaning", "zeros"),
    fields={"members": (2, 3, 5, 8), "mask": (None,), "data": ("integers", "normal")},
)
def check_sharp(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A long query takes the value whose key lies furthest in its direction."""
    width = case["query"].shape[-1]
    # Next scores are 128 apart or more, and exp(-128) is 0 in float32.
    query = np.full(width, 32.0).astype(case["query"].dtype)
    steps = np.arange(len(case["key"]), dtype=np.float64)
    key = np.broadcast_to(steps[:, None] * 4, case["key"].shape)
    sharp = case.replace(query=query, key=key.astype(query.dtype))
    yield from agrees(sharp, bench, "one key far ahead")


@POOLING.law("pooling-twice", "sets.invariance", nulls=("summed",))
def check_twice(case: Case, bench: Bench) -> Iterator[Comparison]:
    """When every member stands twice, the same vector comes out."""
    twice = case.changed(lambda a: np.concatenate([a, a]), *_of_members(case))
    yield from alike(case, twice, bench, "every member twice")


@POOLING.law("pooling-padding", "sets.padding", needs=("mask",), nulls=("unmasked",))
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Masked members change nothing, however large they are."""
    count = len(case["key"])
    known = np.ones(count, bool) if case["mask"] is None else case["mask"]
    # Far beyond all members; float16 ends at 65504.
    fill = np.array(2.0**12 if case.dtype == "float16" else 2.0**60)
    padded = {
        name: np.concatenate(
            [case[name], np.broadcast_to(fill, (3, case[name].shape[-1]))]
        ).astype(case["query"].dtype)
        for name in ("key", "value")
    }
    real = np.concatenate([known, np.zeros(3, bool)])
    yield from alike(case, case.replace(**padded, mask=real), bench, "padded")


__all__ = ["POOLING"]
