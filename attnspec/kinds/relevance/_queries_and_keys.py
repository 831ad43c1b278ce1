"""What all forms of relevance are given, and how two of their calls are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.law import Bench
from attnspec.judge.recipe import Recipe
from attnspec.numerics import Comparison, within

SIZES: Mapping[str, tuple[Any, ...]] = {
    "batch": ((), (2,), (2, 3)),
    "queries": (1, 2, 3, 5, 17),
    "keys": (1, 2, 3, 8, 33),
    "width": (1, 2, 3, 8, 64),
    "data": ("ones", "integers", "normal", "large", "small", "ties"),
}
"""What is drawn for every form of relevance."""

TWO_WIDTHS = {**SIZES, "key_width": (1, 2, 5, 16)}
"""The same where keys may have a width of their own."""


def _filled(recipe: Recipe, label: str, shape: tuple[int, ...]) -> Array:
    """Return data of the recipe's kind: ties are rows of which many are equal."""
    noise = normals(recipe.seed, label, shape)
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        "integers": lambda: integers(recipe.seed, label, shape, -3, 3) * 1.0,
        "normal": lambda: noise,
        # Where most tangents are nearly 1.
        "large": lambda: 8.0 * noise,
        # Systems divide by no less than 1e-8 or so, which these vectors are above.
        "small": lambda: (noise + np.where(noise < 0, -0.5, 0.5)) / 64.0,
        # Entries of 1, 2, 3 and again, so that many dot products are equal.
        "ties": lambda: np.sign(noise) * (np.arange(shape[-1]) % 3 + 1.0),
    }
    return cast(kinds[recipe["data"]](), recipe)


def queries_and_keys(recipe: Recipe, key_width: int) -> dict[str, Array]:
    """Return queries and keys, each of a width of its own."""
    batch, width = recipe["batch"], recipe["width"]
    query = _filled(recipe, "query", (*batch, recipe["queries"], width))
    key = _filled(recipe, "key", (*batch, recipe["keys"], key_width))
    return {"query": query, "key": key}


def layer_weight(recipe: Recipe, label: str, shape: tuple[int, ...]) -> Array:
    """Return a weight of either sign, as large as a layer starts with."""
    noise = normals(recipe.seed, label, shape)
    whole = integers(recipe.seed, label, shape, -2, 2)
    plain = recipe["data"] in {"ones", "integers", "ties"}
    # As a layer starts: sums of as many terms as the width stay as large as a term.
    return cast(whole / 2.0 if plain else noise / shape[0] ** 0.5, recipe)


def case_of(recipe: Recipe, operands: Mapping[str, Array]) -> Case:
    """Return the case of these operands: a score for each query and key."""
    shape = (*recipe["batch"], recipe["queries"], recipe["keys"])
    return single(recipe, operands, shape, name="scores")


def rounded(definition: Callable[..., Any]) -> Callable[..., Array]:
    """Evaluate a definition and round its result once."""

    def definition_rounded(query: Array, key: Array, *rest: Array) -> Array:
        return np.asarray(definition(query, key, *rest)).astype(query.dtype)

    return definition_rounded


def transposed(scores: Array) -> Array:
    """Return scores of keys against queries."""
    return scores.swapaxes(-1, -2)


def exchanged(case: Case, **changes: Any) -> Case:
    """Return the call in which queries and keys have changed places."""
    *batch, queries, keys = case.results[0][1]
    other = case.replace(query=case["key"], key=case["query"], **changes)
    return other.returning((*batch, keys, queries))


def scaled(array: Array, factor: float) -> Array:
    """Return an array times a power of two, which no format has to round."""
    return (array.astype(np.float64) * factor).astype(array.dtype)


def same(
    one: Case,
    two: Case,
    bench: Bench,
    moved: Callable[[Array], Array] = lambda scores: scores,
) -> Iterator[Comparison]:
    """Yield whether the second call gives the scores of the first, moved."""
    first, second = bench.run(one).output, bench.run(two).output
    bound = np.abs(moved(bench.judged(one).bound)) + bench.judged(two).bound
    yield within(moved(first.astype(np.float64)), second, bound, what="score")


__all__ = [
    "SIZES",
    "TWO_WIDTHS",
    "case_of",
    "exchanged",
    "layer_weight",
    "queries_and_keys",
    "rounded",
    "same",
    "scaled",
    "transposed",
]
