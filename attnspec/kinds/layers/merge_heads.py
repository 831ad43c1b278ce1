"""The pieces of all heads joined into one vector: the kind `merge-heads`, its laws."""

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
from attnspec.reference import merge_heads


def _build(recipe: Recipe) -> Case:
    batch, length, heads, width = layout.sizes(recipe)
    x = layout.numbers(recipe, (batch, heads, length, width))
    return single(recipe, {"x": x}, (batch, length, heads * width))


def _judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    x = case["x"]
    return unrounded(np.concatenate([x[:, h] for h in range(x.shape[1])], axis=-1))


def _defined(x: Array) -> Array:
    """Evaluate the definition."""
    return merge_heads(x)


def _interleaved(case: Case, _right: Right) -> Array:
    """Take the first entries of all heads, then the second ones."""
    return np.asarray(case["x"].transpose(0, 2, 3, 1).reshape(case.results[0][1]))


MERGE_HEADS = layout.layout_kind(
    "merge-heads",
    "Joins the pieces of all heads into one vector.",
    "The pieces of all heads stand one behind the other, bit by bit.",
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.MERGE_HEADS,
    interleaved=_interleaved,
)


@MERGE_HEADS.law(
    "merge-heads-heads",
    "heads.layout",
    nulls=("interleaved",),
    fields={"heads": (2, 3, 4, 7), "width": (2, 3, 4)},
)
def check_emptied(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A head that is emptied leaves a gap as wide as it is, and all else in place."""
    width = case["x"].shape[-1]
    emptied = case["x"].copy()
    emptied[:, 0] = 0
    expected = bench.run(case).output.copy()
    # The first head's place, as wide as a head is.
    expected[..., :width] = 0
    yield identical(expected, bench.run(case.replace(x=emptied)).output)


__all__ = ["MERGE_HEADS"]
