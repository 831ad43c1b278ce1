"""Relevance by a matrix: the kind `bilinear`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.relevance import _queries_and_keys as forms
from attnspec.kinds.relevance import _usage as usage
from attnspec.kinds.relevance._wrong_scores import AGREEMENT_NULLS, NULLS
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import bilinear


def _build(recipe: Recipe) -> Case:
    weight = forms.layer_weight(
        recipe, "weight", (recipe["width"], recipe["key_width"])
    )
    return forms.case_of(
        recipe,
        {**forms.queries_and_keys(recipe, recipe["key_width"]), "weight": weight},
    )


def _judge(case: Case, _: Dialect, model: NumericModel) -> Judged:
    """Multiply in one order; the bound holds for the other, too."""
    query, weight, key = (
        Tracked.of(case[name], model) for name in ("query", "weight", "key")
    )
    # The other order rounds E sums of F terms first: together the same roundings.
    spread = float(weight.value.shape[-1])
    return judged((query @ weight).rounding(spread) @ key.swapaxes(-1, -2), model)


def _defined(query: Array, key: Array, weight: Array) -> Array:
    """Score by a matrix between query and key."""
    return forms.rounded(bilinear)(query, key, weight)


BILINEAR = Kind(
    name="bilinear",
    sentence="Scores queries against keys by a matrix between them.",
    table=Table(forms.TWO_WIDTHS),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.BILINEAR,
    simplest={"queries": 3, "keys": 8, "width": 8, "key_width": 16, "data": "normal"},
    nulls=NULLS,
)


BILINEAR.agreement_law(
    "self-attention.bilinear",
    "A score is the query times the matrix times the key.",
    nulls=AGREEMENT_NULLS,
)


@BILINEAR.law("bilinear-transposed", "self-attention.bilinear", nulls=("last_key",))
def check_transposed(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys against queries by the transposed matrix have the same scores."""
    weight = forms.transposed(case["weight"])
    yield from forms.same(
        case, forms.exchanged(case, weight=weight), bench, forms.transposed
    )


@BILINEAR.law("bilinear-linear", "self-attention.bilinear", nulls=("shifted",))
def check_linear(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query that is twice as long, or a key, or the matrix, doubles the scores."""
    for name in ("query", "key", "weight"):
        other = case.replace(**{name: forms.scaled(case[name], 2.0)})
        yield from forms.same(case, other, bench, lambda scores: 2.0 * scores)


@BILINEAR.law(
    "bilinear-identity",
    "self-attention.bilinear",
    also=("scores.dot-product",),
    nulls=("zeros", "doubled", "negated"),
)
def check_identity(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the identity between them the score is the dot product."""
    query, width = case["query"], case["query"].shape[-1]
    # Keys of another width are repeated, or cut off, to have that of the queries.
    key = np.resize(case["key"], (*case["key"].shape[:-1], width))
    plain = case.replace(key=key, weight=np.eye(width).astype(query.dtype))
    exact = query.astype(np.float64) @ forms.transposed(key.astype(np.float64))
    bound = bench.judged(plain).bound
    yield within(exact, bench.run(plain).output, bound, what="dot product")


__all__ = ["BILINEAR"]
