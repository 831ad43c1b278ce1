"""Readers of a set: the kind `cross-attention`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, placed, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import Projections, read_set

_WEIGHTS = ("query_weights", "key_weights", "value_weights")
_PERMUTED = {"members": (2, 3, 5, 8, 17), "data": ("integers", "normal")}

_TABLE = Table(
    fields={
        "readers": (1, 2, 3, 5, 8, 17),
        "members": (1, 2, 3, 5, 8, 17, 33),
        "vector_width": (2, 1, 4, 16),
        "width": (2, 1, 4, 8),
        "value_width": (2, 1, 3, 8),
        "mask": (None, "members", "pairs"),
        "scale": (None, 1.0, 0.25, 0.0, -1.0),
        "data": projected.DATA,
    },
    claims={"mask": Claim("a mask", "mask"), "scale": Claim("another scale", "scale")},
)


def _build(recipe: Recipe) -> Case:
    readers, members = recipe["readers"], recipe["members"]
    wide, width, value_width = (
        recipe[name] for name in ("vector_width", "width", "value_width")
    )
    options = {
        "mask": projected.mask_of(recipe, (readers, members)),
        "scale": recipe["scale"],
    }
    operands = {
        "readers": projected.drawn(recipe, "readers", (readers, wide)),
        "members": projected.drawn(recipe, "members", (members, wide)),
        "query_weights": projected.matrices(recipe, "query", (wide, width)),
        "key_weights": projected.matrices(recipe, "key", (wide, width)),
        "value_weights": projected.matrices(recipe, "value", (wide, value_width)),
    }
    return single(recipe, operands, (readers, value_width), options)


def _judge(case: Case, _choices: Dialect, model: NumericModel) -> Judged:
    """Let every reader attend to the members, with all errors."""
    readers = Tracked.of(case["readers"], model)
    members = readers.like(case["members"])
    by = projected.Reading(*(readers.like(case[name]) for name in _WEIGHTS))
    visible = projected.visible_in(case, len(case["readers"]), len(case["members"]))
    output = projected.attended(
        readers, members, by, visible, model, scale=case["scale"]
    )
    return judged(output, model)


def _defined(
    readers: Array,
    members: Array,
    query_weights: Array,
    key_weights: Array,
    value_weights: Array,
    *,
    mask: Array | None = None,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once; queries carry the scale."""
    query = query_weights.astype(np.float64)
    if scale is not None:
        # The definition divides by this root.
        query = query * scale * np.sqrt(query.shape[-1])
    by = Projections(query, key_weights, value_weights)
    return read_set(readers, members, by, mask=mask).astype(readers.dtype)


def _first(case: Case, right: Right) -> Array:
    """Hand on the first member's value."""
    # A mask that shows one member gives its value.
    only = np.arange(len(case["members"])) == 0
    return right(case.replace(mask=only))


def _summed(case: Case, right: Right) -> Array:
    """Take as much more as there are members."""
    return right(case) * (1 + len(case["members"]))


CROSS_ATTENTION = Kind(
    name="cross-attention",
    sentence="Lets every reader take what it asks for from the members of a set.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.CROSS_ATTENTION,
    simplest={
        "readers": 3,
        "members": 5,
        "vector_width": 4,
        "width": 4,
        "value_width": 8,
        "data": "normal",
    },
    nulls={
        "unmasked": forgetting("mask"),
        # Without a query all members count the same.
        "meaning": zeroing("query_weights"),
        "placed": placed,
        "first": _first,
        "summed": _summed,
    },
    null_needs={"unmasked": ("mask",)},
)


CROSS_ATTENTION.agreement_law(
    "sets.read",
    "Each reader takes the attention of its query to the keys of the members.",
    nulls=("zeros", "unmasked", "meaning", "placed", "first"),
)


@CROSS_ATTENTION.law(
    "cross-attention-readers",
    "sets.cross",
    nulls=("placed",),
    fields={"readers": (2, 3, 5, 8), "data": ("integers", "normal")},
)
def check_readers(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Readers in another order take the same in that order."""
    moved = case.replace(readers=case["readers"][::-1])
    if (mask := case["mask"]) is not None and mask.ndim == 2:
        moved = moved.replace(mask=mask[::-1])
    yield from alike(case, moved, bench, "reversed", moved=lambda a: a[::-1])


@CROSS_ATTENTION.law(
    "cross-attention-members", "sets.cross", nulls=("first",), fields=_PERMUTED
)
def check_members(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The order of the members changes nothing."""
    count = np.arange(len(case["members"]))
    for note, order in (("reversed", count[::-1]), ("rotated", np.roll(count, 1))):
        moved = case.replace(members=case["members"][order])
        if (mask := case["mask"]) is not None:
            moved = moved.replace(mask=mask[..., order])
        yield from alike(case, moved, bench, note)


@CROSS_ATTENTION.law(
    "cross-attention-alone",
    "sets.read",
    nulls=("placed",),
    fields={"readers": (2, 3, 5, 8), "mask": (None, "members")},
)
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The last reader alone takes what it takes among others."""
    shape = (1, case["value_weights"].shape[-1])
    alone = case.replace(readers=case["readers"][-1:]).returning(shape)
    yield from alike(case, alone, bench, "alone", moved=lambda output: output[-1:])


@CROSS_ATTENTION.law("cross-attention-twice", "sets.read", nulls=("summed",))
def check_twice(case: Case, bench: Bench) -> Iterator[Comparison]:
    """When every member stands twice, every reader takes the same as before."""
    twice = case.replace(members=np.concatenate([case["members"]] * 2))
    if (mask := case["mask"]) is not None:
        twice = twice.replace(mask=np.concatenate([mask] * 2, axis=-1))
    yield from alike(case, twice, bench, "every member twice")


@CROSS_ATTENTION.law(
    "cross-attention-padding",
    "sets.padding",
    needs=("mask",),
    nulls=("unmasked",),
    fields={"mask": (None, "members")},
)
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Masked members change nothing, however large they are."""
    members = case["members"]
    count, width = members.shape
    known = np.ones(count, bool) if case["mask"] is None else case["mask"]
    # Far beyond all members; projected, it still fits float16, which ends at 65504.
    fill = np.array(512.0 if case.dtype == "float16" else 2.0**20)
    padding = np.broadcast_to(fill.astype(members.dtype), (3, width))
    padded = case.replace(
        members=np.concatenate([members, padding]),
        mask=np.concatenate([known, np.zeros(3, bool)]),
    )
    yield from alike(case, padded, bench, "padded")


__all__ = ["CROSS_ATTENTION"]
