"""Vectors cut into heads: the kind `split-heads`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.kinds.layers import _head_layout as layout
from attnspec.kinds.layers import _usage as usage
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import split_heads


def _build(recipe: Recipe) -> Case:
    batch, length, heads, width = layout.sizes(recipe)
    x = layout.numbers(recipe, (batch, length, heads * width))
    return single(recipe, {"x": x, "heads": heads}, (batch, heads, length, width))


def _judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    x, heads = case["x"], case["heads"]
    width = x.shape[-1] // heads
    return unrounded(
        np.stack([x[..., h * width :][..., :width] for h in range(heads)], 1)
    )


def _defined(x: Array, heads: int) -> Array:
    """Evaluate the definition."""
    return split_heads(x, heads)


def _interleaved(case: Case, _right: Right) -> Array:
    """Deal the entries of each vector out to the heads in turn."""
    batch, heads, length, width = case.results[0][1]
    dealt = case["x"].reshape(batch, length, width, heads)
    return np.asarray(dealt.transpose(0, 3, 1, 2))


SPLIT_HEADS = layout.layout_kind(
    "split-heads",
    "Cuts every vector into consecutive pieces, one for each head.",
    "Each head gets its consecutive entries of every vector, bit by bit.",
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.SPLIT_HEADS,
    interleaved=_interleaved,
)


@SPLIT_HEADS.law(
    "split-heads-vectors",
    "heads.layout",
    nulls=("first", "unswapped"),
    fields={"length": (2, 3, 5, 17)},
)
def check_vectors(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Vectors in another order give the same pieces in that order."""
    backward = case.replace(x=case["x"][:, ::-1])
    one, two = bench.run(case).output, bench.run(backward).output
    yield identical(one[:, :, ::-1], two)


__all__ = ["SPLIT_HEADS"]
