"""Attention of vectors with their places added: `placed-attention`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.compare import alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import Projections, placed, self_attention, sinusoidal

_MATRICES = ("query_weights", "key_weights", "value_weights")


def _build(recipe: Recipe) -> Case:
    length, width = recipe["length"], recipe["width"]
    size, output = recipe["size"], recipe["value_width"]
    vectors = projected.drawn(recipe, "vectors", (length, width))
    encoding = projected.drawn(recipe, "encoding", (length, width))
    if recipe["encoding"] == "sinusoidal":
        encoding = sinusoidal(np.arange(length), width).astype(vectors.dtype)
    shapes = ((width, size), (width, size), (width, output))
    by = (
        projected.matrices(recipe, n, s) for n, s in zip(_MATRICES, shapes, strict=True)
    )
    operands = {"vectors": vectors, "encoding": encoding}
    operands |= zip(_MATRICES, by, strict=True)
    return single(recipe, operands, (length, output))


def _judge(case: Case, _choices: Dialect, model: NumericModel) -> Judged:
    """Add, project, attend; vector and encoding may be projected each for itself.

    So the error is that of products with both of them, which may cancel each other.
    """
    x, e = Tracked.of(case["vectors"], model), Tracked.of(case["encoding"], model)
    total = x.value + e.value
    # A product with each sums a width of terms, and their sum rounds: two to spare.
    sizes = x.like(np.abs(x.value) + np.abs(e.value)).rounding(x.value.shape[-1] + 3)
    # Both products may be stored, and so may their sum.
    error = sizes.stored(model.output).stored(model.output).error
    both = x.like(total, error)
    by = projected.Reading(*(Tracked.of(case[name], model) for name in _MATRICES))
    visible = np.ones((len(total), len(total)), bool)
    return judged(projected.attended(both, both, by, visible, model), model)


def _defined(
    vectors: Array,
    encoding: Array,
    query_weights: Array,
    key_weights: Array,
    value_weights: Array,
) -> Array:
    """Evaluate the definition and round its result once."""
    x = placed(vectors, encoding)
    by = Projections(query_weights, key_weights, value_weights)
    output = self_attention(x, by)
    return np.asarray(output).astype(vectors.dtype)


def _late(case: Case, right: Right) -> Array:
    """Give each vector the encoding of the place before it."""
    return right(case.replace(encoding=np.roll(case["encoding"], 1, axis=0)))


PLACED_ATTENTION = Kind(
    name="placed-attention",
    sentence="Attends among vectors to which encodings of their places were added.",
    table=Table(
        fields={
            "length": (1, 2, 3, 5, 8, 17, 33),
            "width": (2, 4, 6, 8, 16),
            "size": (2, 1, 4, 8),
            "value_width": (2, 1, 3, 8),
            "encoding": ("drawn", "sinusoidal"),
            "data": projected.DATA,
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.PLACED_ATTENTION,
    simplest={"length": 5, "width": 4, "size": 4, "value_width": 3, "data": "normal"},
    nulls={"unplaced": zeroing("encoding"), "late": _late},
)


PLACED_ATTENTION.agreement_law(
    "positions.absolute",
    "Encodings are added to the vectors before queries, keys and values are made.",
    nulls=("zeros", "unplaced", "late"),
)


@PLACED_ATTENTION.law(
    "placed-attention-sum",
    "positions.absolute",
    nulls=("unplaced",),
    fields={"data": ("integers", "normal")},
)
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An encoding counts as a part of its vector: only their sum is seen."""
    whole = placed(case["vectors"], case["encoding"]).astype(case["vectors"].dtype)
    merged = case.replace(vectors=whole, encoding=np.zeros_like(whole))
    yield from alike(case, merged, bench, "added beforehand")


@PLACED_ATTENTION.law(
    "placed-attention-order",
    "positions.absolute",
    nulls=("late",),
    fields={"length": (3, 5, 8, 17), "data": ("integers", "normal")},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Vectors that move together with their encodings have the same outputs."""
    # On by two, and the first two exchanged: not the order of any data of ours.
    order = np.roll(np.arange(len(case["vectors"])), 2)
    order[[0, 1]] = order[[1, 0]]
    reordered = operator.itemgetter(order)
    moved = case.changed(reordered, "vectors", "encoding")
    yield from alike(case, moved, bench, "reordered", moved=reordered)


__all__ = ["PLACED_ATTENTION"]
