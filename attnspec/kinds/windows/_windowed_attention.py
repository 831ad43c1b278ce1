"""What kinds of attention over a part of the keys share: data, value and bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, Shape, cast, single
from attnspec.judge.compare import noted
from attnspec.judge.law import Bench
from attnspec.judge.recipe import Recipe
from attnspec.kinds.layers._tracked_softmax import mixed
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import attention

Mask = npt.NDArray[np.bool_]

DATA = ("ones", "integers", "normal", "loud")
"""Kinds of numbers; loud ones have scores far apart."""


def operands(recipe: Recipe, shape: Shape) -> dict[str, Array]:
    """Return query, key and value of one shape."""
    return {
        name: cast(_data(recipe, name, shape), recipe)
        for name in ("query", "key", "value")
    }


def build(recipe: Recipe, shape: Shape, *own: str, **plain: Any) -> Case:
    """Return the case of a recipe with operands of its own and what is not plain."""
    given = {**operands(recipe, shape), **{name: recipe[name] for name in own}}
    options = {n: recipe[n] for n, v in plain.items() if recipe[n] != v}
    return single(recipe, given, shape, options)


def moved(case: Case, move: Callable[[Array], Array]) -> Case:
    """Return the call with query, key and value in other places, or some of them."""
    other = case.changed(move, "query", "key", "value")
    return other.returning(other["query"].shape)


def _data(recipe: Recipe, name: str, shape: Shape) -> Array:
    if recipe["data"] == "ones":
        return np.ones(shape)
    if recipe["data"] == "integers":
        return integers(recipe.seed, name, shape, -3, 3) * 1.0
    # Query and key four times as large set scores sixteen times as far apart.
    louder = 4.0 if recipe["data"] == "loud" and name != "value" else 1.0
    return louder * normals(recipe.seed, name, shape)


def softmax_over(case: Case, mask: Mask, model: NumericModel) -> Judged:
    """Return attention over what a mask shows, and the bound; axes may be a grid's."""
    shape = case["query"].shape
    query, key, value = (Tracked.of(array, model) for array in flat(case))
    scale = shape[-1] ** -0.5 if case["scale"] is None else case["scale"]
    # The scale may be rounded, and multiply the query, the key, or the scores.
    scores = (query @ key.swapaxes(-1, -2) * scale).rounding(2)
    found = mixed(scores, value, mask, stored=model.weights)
    return judged(found.reshape(*shape), model)


def flat(case: Case) -> tuple[Array, Array, Array]:
    """Return query, key and value with all points of a grid along one axis."""
    query, key, value = (case[name] for name in ("query", "key", "value"))
    batch, heads, *_, width = query.shape
    return tuple(a.reshape(batch, heads, -1, width) for a in (query, key, value))


def answer_over(case: Case, mask: Mask) -> Array:
    """Return what another mask gives: a wrong answer."""
    found = attention(*flat(case), mask=mask, scale=case["scale"])
    return np.asarray(found).reshape(case["query"].shape)


def zeroed(case: Case, mask: Mask) -> Array:
    """Return what weights give that are filled with zeros after the softmax."""
    query, key, value = (a.astype(np.float64) for a in flat(case))
    scale = query.shape[-1] ** -0.5 if case["scale"] is None else case["scale"]
    scores = query @ key.swapaxes(-1, -2) * scale
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    found: Array = np.where(mask, weights, 0.0) @ value
    return found.reshape(case["query"].shape)


def one_hot(case: Case) -> Case:
    """Return a case whose scores are all zero and whose output is its weights."""
    query = case["query"]
    batch, heads, *grid, _ = query.shape
    length = int(np.prod(grid))
    shape = (batch, heads, *grid, length)
    same = np.eye(length).reshape(*grid, length)
    return case.replace(
        # A query of zeros scores every key alike, whatever the scale is.
        query=np.zeros(shape, query.dtype),
        key=np.ones(shape, query.dtype),
        value=np.broadcast_to(same, shape).astype(query.dtype),
    ).returning(shape)


def drown(case: Case, far: Mask) -> Case:
    """Fill some keys and values with numbers that would drown everything."""
    # Of the values none may be lost in a format, and no score may overflow.
    value = 2.0**14 if case.dtype == "float16" else 2.0**60
    # Keys of either sign: with some entries of a query their score is high.
    signs = np.where(np.arange(case["key"].shape[-1]) % 2, -1.0, 1.0)
    filled = {
        name: np.where(far[..., None], size * signs, case[name]).astype(
            case[name].dtype
        )
        for name, size in (("key", 16.0), ("value", value))
    }
    return case.replace(**filled)


def rows_within(case: Case, bench: Bench, rows: Any, note: str) -> Iterator[Comparison]:
    """Yield whether some rows of the output are within their bounds."""
    exact = bench.judged(case)
    output = bench.run(case).output
    found = within(exact.output[rows], output[rows], exact.bound[rows])
    yield noted(found, note)


def rows_alike(
    case: Case,
    other: Case,
    bench: Bench,
    rows: Any,
    note: str,
    *,
    step: int = 0,
) -> Iterator[Comparison]:
    """Yield whether rows are those of another case, which has them a step later."""
    one, two = bench.judged(case), bench.judged(other)
    first = np.asarray(bench.run(case).output, np.float64)
    second = np.roll(np.asarray(bench.run(other).output, np.float64), -step, -2)
    # Each call may be off by its own bound.
    bound = one.bound + np.roll(two.bound, -step, -2)
    yield noted(within(first[rows], second[rows], bound[rows]), note)


__all__ = [
    "DATA",
    "Mask",
    "answer_over",
    "build",
    "drown",
    "flat",
    "moved",
    "one_hot",
    "operands",
    "rows_alike",
    "rows_within",
    "softmax_over",
    "zeroed",
]
