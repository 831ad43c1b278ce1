"""Relevance: how a key is scored for a query, beside the dot product; three kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Bench, Choices, Kind, Right, result
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import additive, bilinear, cosine

_SIZES: Mapping[str, tuple[Any, ...]] = {
    "batch": ((), (2,), (2, 3)),
    "queries": (1, 2, 3, 5, 17),
    "keys": (1, 2, 3, 8, 33),
    "width": (1, 2, 3, 8, 64),
    "data": ("ones", "integers", "normal", "large", "small", "ties"),
}
_TWO_WIDTHS = {**_SIZES, "key_width": (1, 2, 5, 16)}


def _filled(recipe: Recipe, label: str, shape: tuple[int, ...]) -> Array:
    """Return data of the recipe's kind: ties are rows of which many are equal."""
    noise = normals(recipe.seed, label, shape)
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        "integers": lambda: integers(recipe.seed, label, shape, -3, 3) * 1.0,
        "normal": lambda: noise,
        "large": lambda: 8.0 * noise,
        # Systems divide by no less than 1e-8 or so, which these vectors are above.
        "small": lambda: (noise + np.where(noise < 0, -0.5, 0.5)) / 64.0,
        "ties": lambda: np.sign(noise) * (np.arange(shape[-1]) % 3 + 1.0),
    }
    return cast(kinds[recipe["data"]](), recipe)


def _rows(recipe: Recipe, key_width: int) -> dict[str, Array]:
    batch, width = recipe["batch"], recipe["width"]
    query = _filled(recipe, "query", (*batch, recipe["queries"], width))
    key = _filled(recipe, "key", (*batch, recipe["keys"], key_width))
    return {"query": query, "key": key}


def _scores(recipe: Recipe, operands: Mapping[str, Array]) -> Case:
    shape = (*recipe["batch"], recipe["queries"], recipe["keys"])
    found = result("scores", shape, recipe.dtype)
    return Case(operands, {}, found, recipe.dtype)


def _weight(recipe: Recipe, label: str, shape: tuple[int, ...]) -> Array:
    """Return a weight of either sign, as large as a layer starts with."""
    noise = normals(recipe.seed, label, shape)
    whole = integers(recipe.seed, label, shape, -2, 2)
    plain = recipe["data"] in {"ones", "integers", "ties"}
    return cast(whole / 2.0 if plain else noise / shape[0] ** 0.5, recipe)


def _build_bilinear(recipe: Recipe) -> Case:
    rows = _rows(recipe, recipe["key_width"])
    weight = _weight(recipe, "weight", (recipe["width"], recipe["key_width"]))
    return _scores(recipe, {**rows, "weight": weight})


def _build_additive(recipe: Recipe) -> Case:
    inner, rows = recipe["inner"], _rows(recipe, recipe["key_width"])
    operands = {
        **rows,
        "query_weight": _weight(recipe, "query_weight", (recipe["width"], inner)),
        "key_weight": _weight(recipe, "key_weight", (recipe["key_width"], inner)),
        "vector": _weight(recipe, "vector", (inner,)),
    }
    return _scores(recipe, operands)


def _build_cosine(recipe: Recipe) -> Case:
    rows = _rows(recipe, recipe["width"])
    if recipe["zeros"]:
        rows["query"][..., 0, :] = 0
        rows["key"][..., -1, :] = 0
    return _scores(recipe, rows)


def _judge_bilinear(case: Case, _: Choices, model: NumericModel) -> Judged:
    """Multiply in one order; the bound holds for the other, too."""
    query, weight, key = (
        Tracked.of(case[name], model) for name in ("query", "weight", "key")
    )
    # The other order rounds E sums of F terms first: together the same roundings.
    spread = float(weight.value.shape[-1])
    return judged((query @ weight).rounding(spread) @ key.swapaxes(-1, -2), model)


def _judge_additive(case: Case, _: Choices, model: NumericModel) -> Judged:
    """Multiply query and key, one behind the other, by one matrix.

    Two products and their sum round no more often than the product of both.
    """
    query, key = case["query"].astype(np.float64), case["key"].astype(np.float64)
    grid = (*query.shape[:-1], key.shape[-2])
    wide = np.broadcast_to(query[..., :, None, :], (*grid, query.shape[-1]))
    deep = np.broadcast_to(key[..., None, :, :], (*grid, key.shape[-1]))
    both = Tracked.of(np.concatenate([wide, deep], -1), model)
    weights = [case[name].astype(np.float64) for name in ("query_weight", "key_weight")]
    hidden = (both @ Tracked.of(np.concatenate(weights), model)).rounding()
    bent = hidden.tanh().rounding(4.0)
    vector = Tracked.of(case["vector"], model)
    return judged((bent @ vector.reshape(-1, 1))[..., 0], model)


def _judge_cosine(case: Case, choices: Choices, model: NumericModel) -> Judged:
    """Bring both to length one, then multiply; a norm may be scaled before."""
    query, key = _direction(case["query"], model), _direction(case["key"], model)
    exact = judged(query @ key.swapaxes(-1, -2), model)
    if choices["zero_vector"] == "zero":
        return exact
    nowhere = ~case["query"].any(-1)[..., :, None] | ~case["key"].any(-1)[..., None, :]
    output = np.where(nowhere, np.nan, exact.output)
    return Judged(output, np.where(nowhere, 0.0, exact.bound))


def _direction(vectors: Array, model: NumericModel) -> Tracked:
    rows = Tracked.of(vectors, model)
    norm = (rows * rows).sum(keepdims=True).sqrt()
    length = norm.where(norm.value > 0, 1.0)
    return (rows / length).rounding(4.0).where(rows.value != 0, 0.0)


def _rounded(definition: Callable[..., Any]) -> Callable[..., Array]:
    """Evaluate a definition and round its result once."""

    def rounded(query: Array, key: Array, *rest: Array) -> Array:
        return np.asarray(definition(query, key, *rest)).astype(query.dtype)

    return rounded


def _bilinear(query: Array, key: Array, weight: Array) -> Array:
    """Score by a matrix between query and key."""
    return _rounded(bilinear)(query, key, weight)


def _additive(
    query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
) -> Array:
    """Score by the bent sum of both projections."""
    return _rounded(additive)(query, key, query_weight, key_weight, vector)


def _cosine(query: Array, key: Array) -> Array:
    """Score by the cosine of the angle."""
    return _rounded(cosine)(query, key)


def _last_key(case: Case, right: Right) -> Array:
    """Answer each key with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-1)


def _doubled(case: Case, right: Right) -> Array:
    """Answer with twice the score."""
    return 2.0 * right(case)


def _shifted(case: Case, right: Right) -> Array:
    """Answer with one more than the score."""
    return 1.0 + right(case)


def _negated(case: Case, right: Right) -> Array:
    """Answer with the opposite."""
    return -right(case)


def _first_entry(case: Case, right: Right) -> Array:
    """Look at the first entry of each query alone."""
    query = np.where(np.arange(case["query"].shape[-1]) == 0, case["query"], 0)
    return right(case.replace(query=query.astype(case["query"].dtype)))


def _one_query(case: Case, right: Right) -> Array:
    """Answer every query as the first."""
    return np.broadcast_to(right(case)[..., :1, :], right(case).shape)


def _dot_product(case: Case, _right: Right) -> Array:
    """Answer with the dot product."""
    query, key = (case[name].astype(np.float64) for name in ("query", "key"))
    return np.asarray(query @ key.swapaxes(-1, -2))


_NULLS = {
    "last_key": _last_key,
    "doubled": _doubled,
    "shifted": _shifted,
    "negated": _negated,
    "first_entry": _first_entry,
    "one_query": _one_query,
}
_AGREEMENT = ("zeros", "last_key", "doubled", "negated", "first_entry", "one_query")


BILINEAR = Kind(
    name="bilinear",
    sentence="Scores queries against keys by a matrix between them.",
    operands=("query", "key", "weight"),
    table=Table(_TWO_WIDTHS),
    build=_build_bilinear,
    judge=_judge_bilinear,
    definition=_bilinear,
    nulls=_NULLS,
)

ADDITIVE = Kind(
    name="additive",
    sentence="Scores queries against keys by the bent sum of both projections.",
    operands=("query", "key", "query_weight", "key_weight", "vector"),
    table=Table({**_TWO_WIDTHS, "inner": (1, 2, 4, 16)}),
    build=_build_additive,
    judge=_judge_additive,
    definition=_additive,
    nulls=_NULLS,
)

COSINE = Kind(
    name="cosine",
    sentence="Scores queries against keys by the cosine of their angle.",
    operands=("query", "key"),
    table=Table({**_SIZES, "zeros": (False, True)}),
    build=_build_cosine,
    judge=_judge_cosine,
    definition=_cosine,
    choices={"zero_vector": ("zero", "nan")},
    probes=({"queries": 2, "keys": 3, "width": 3, "data": "normal", "zeros": True},),
    nulls={**_NULLS, "dot_product": _dot_product},
)


@BILINEAR.law("bilinear-agreement", "self-attention.bilinear", nulls=_AGREEMENT)
def check_bilinear(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A score is the query times the matrix times the key."""
    yield from agrees(case, bench)


@ADDITIVE.law("additive-agreement", "self-attention.additive", nulls=_AGREEMENT)
def check_additive(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A score is the vector times the bent sum of both projections."""
    yield from agrees(case, bench)


@COSINE.law("cosine-agreement", "self-attention.cosine", nulls=_AGREEMENT)
def check_cosine(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A score is the dot product over both lengths."""
    yield from agrees(case, bench)


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
    "ADDITIVE",
    "BILINEAR",
    "COSINE",
    "check_additive",
    "check_bilinear",
    "check_cosine",
    "same",
]
