"""Vectors cut into heads and joined again: `split-heads`, `merge-heads`, their laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case, cast
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Bench, Choices, Kind, Right, result
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged
from attnspec.reference import merge_heads, split_heads

_FIELDS = {
    "batch": (1, 2, 3),
    "length": (1, 2, 3, 5, 17),
    "heads": (2, 1, 3, 4, 7),
    "width": (2, 1, 3, 4, 8),
    "data": ("integers", "places"),
}


def _numbers(recipe: Recipe, shape: tuple[int, ...]) -> Array:
    """Return whole numbers that every format can hold: any, or each one's place."""
    if recipe["data"] == "integers":
        return cast(integers(recipe.seed, "x", shape, -99, 99) * 1.0, recipe)
    return cast(np.arange(np.prod(shape)).reshape(shape) % 128 * 1.0, recipe)


def _sizes(recipe: Recipe) -> tuple[int, int, int, int]:
    batch, length, heads, width = (
        int(recipe[name]) for name in ("batch", "length", "heads", "width")
    )
    return batch, length, heads, width


def _build_split(recipe: Recipe) -> Case:
    batch, length, heads, width = _sizes(recipe)
    shape = (batch, heads, length, width)
    return Case(
        operands={
            "x": _numbers(recipe, (batch, length, heads * width)),
            "heads": heads,
        },
        options={},
        results=result("output", shape, recipe.dtype),
        dtype=recipe.dtype,
    )


def _build_merge(recipe: Recipe) -> Case:
    batch, length, heads, width = _sizes(recipe)
    return Case(
        operands={"x": _numbers(recipe, (batch, heads, length, width))},
        options={},
        results=result("output", (batch, length, heads * width), recipe.dtype),
        dtype=recipe.dtype,
    )


def _exact(output: Array) -> Judged:
    """Return what no arithmetic touches: it has no error."""
    value = np.asarray(output, np.float64)
    return Judged(value, np.zeros(value.shape))


def _judge_split(case: Case, _choices: Choices, _model: NumericModel) -> Judged:
    x, heads = case["x"], case["heads"]
    width = x.shape[-1] // heads
    return _exact(np.stack([x[..., h * width :][..., :width] for h in range(heads)], 1))


def _judge_merge(case: Case, _choices: Choices, _model: NumericModel) -> Judged:
    x = case["x"]
    return _exact(np.concatenate([x[:, h] for h in range(x.shape[1])], axis=-1))


def _split(x: Array, heads: int) -> Array:
    """Evaluate the definition."""
    return split_heads(x, heads)


def _merge(x: Array) -> Array:
    """Evaluate the definition."""
    return merge_heads(x)


def _unswapped_split(case: Case, _right: Right) -> Array:
    """Cut the array, and exchange no axes."""
    return np.asarray(case["x"]).reshape(case.results[0][1])


def _interleaved_split(case: Case, _right: Right) -> Array:
    """Deal the entries of each vector out to the heads in turn."""
    batch, heads, length, width = case.results[0][1]
    dealt = case["x"].reshape(batch, length, width, heads)
    return np.asarray(dealt.transpose(0, 3, 1, 2))


def _interleaved_merge(case: Case, _right: Right) -> Array:
    """Take the first entries of all heads, then the second ones."""
    return np.asarray(case["x"].transpose(0, 2, 3, 1).reshape(case.results[0][1]))


def _first(case: Case, right: Right) -> Array:
    """Answer every vector with what becomes of the first."""
    output = right(case)
    place = np.s_[:, :, :1] if output.ndim == 4 else np.s_[:, :1]
    return np.broadcast_to(output[place], output.shape)


SPLIT_HEADS = Kind(
    name="split-heads",
    sentence="Cuts every vector into consecutive pieces, one for each head.",
    operands=("x", "heads"),
    table=Table(fields=_FIELDS),
    build=_build_split,
    judge=_judge_split,
    definition=_split,
    nulls={
        "unswapped": _unswapped_split,
        "interleaved": _interleaved_split,
        "first": _first,
    },
)

MERGE_HEADS = Kind(
    name="merge-heads",
    sentence="Joins the pieces of all heads into one vector.",
    operands=("x",),
    table=Table(fields=_FIELDS),
    build=_build_merge,
    judge=_judge_merge,
    definition=_merge,
    nulls={
        "unswapped": _unswapped_split,
        "interleaved": _interleaved_merge,
        "first": _first,
    },
)


@SPLIT_HEADS.law(
    "split-heads-agreement",
    "heads.layout",
    nulls=("zeros", "unswapped", "interleaved", "first"),
)
def check_split(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each head gets its consecutive entries of every vector, bit by bit."""
    yield from agrees(case, bench)


@SPLIT_HEADS.law(
    "split-heads-vectors",
    "heads.layout",
    nulls=("first", "unswapped"),
    fields={"length": (2, 3, 5, 17)},
)
def check_split_vectors(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Vectors in another order give the same pieces in that order."""
    backward = case.replace(x=np.ascontiguousarray(case["x"][:, ::-1]))
    first, second = bench.run(case).output, bench.run(backward).output
    yield identical(first[:, :, ::-1], second)


@MERGE_HEADS.law(
    "merge-heads-agreement",
    "heads.layout",
    nulls=("zeros", "unswapped", "interleaved", "first"),
)
def check_merge(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The pieces of all heads stand one behind the other, bit by bit."""
    yield from agrees(case, bench)


@MERGE_HEADS.law(
    "merge-heads-heads",
    "heads.layout",
    nulls=("interleaved",),
    fields={"heads": (2, 3, 4, 7), "width": (2, 3, 4)},
)
def check_merge_heads(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A head that is emptied leaves a gap as wide as it is, and all else in place."""
    width = case["x"].shape[-1]
    emptied = case["x"].copy()
    emptied[:, 0] = 0
    expected = bench.run(case).output.copy()
    expected[..., :width] = 0
    yield identical(expected, bench.run(case.replace(x=emptied)).output)


__all__ = [
    "MERGE_HEADS",
    "SPLIT_HEADS",
    "check_merge",
    "check_merge_heads",
    "check_split",
    "check_split_vectors",
]
