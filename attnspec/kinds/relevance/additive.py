"""Relevance by a layer over both: the kind `additive`, and its laws."""

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
from attnspec.reference import additive


def _build(recipe: Recipe) -> Case:
    inner = recipe["inner"]
    operands = {
        **forms.queries_and_keys(recipe, recipe["key_width"]),
        "query_weight": forms.layer_weight(
            recipe, "query_weight", (recipe["width"], inner)
        ),
        "key_weight": forms.layer_weight(
            recipe, "key_weight", (recipe["key_width"], inner)
        ),
        "vector": forms.layer_weight(recipe, "vector", (inner,)),
    }
    return forms.case_of(recipe, operands)


def _judge(case: Case, _: Dialect, model: NumericModel) -> Judged:
    """Multiply query and key, one behind the other, by one matrix.

    Two products and their sum round no more often than the product of both.
    """
    query, key = case["query"].astype(np.float64), case["key"].astype(np.float64)
    grid = (*query.shape[:-1], key.shape[-2])
    # Every query beside every key, as one vector that meets one matrix.
    wide = np.broadcast_to(query[..., :, None, :], (*grid, query.shape[-1]))
    deep = np.broadcast_to(key[..., None, :, :], (*grid, key.shape[-1]))
    both = Tracked.of(np.concatenate([wide, deep], -1), model)
    by = [case[name].astype(np.float64) for name in ("query_weight", "key_weight")]
    # One rounding more than either way has.
    hidden = (both @ Tracked.of(np.concatenate(by), model)).rounding()
    # A quotient of exponentials rounds more often than one function does.
    bent = hidden.tanh().rounding(4.0)
    vector = Tracked.of(case["vector"], model)
    return judged((bent @ vector.reshape(-1, 1))[..., 0], model)


def _defined(
    query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
) -> Array:
    """Score by the bent sum of both projections."""
    return forms.rounded(additive)(query, key, query_weight, key_weight, vector)


ADDITIVE = Kind(
    name="additive",
    sentence="Scores queries against keys by the bent sum of both projections.",
    table=Table({**forms.TWO_WIDTHS, "inner": (1, 2, 4, 16)}),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.ADDITIVE,
    simplest={
        "queries": 3,
        "keys": 8,
        "width": 8,
        "key_width": 16,
        "inner": 4,
        "data": "normal",
    },
    nulls=NULLS,
)


ADDITIVE.agreement_law(
    "self-attention.additive",
    "A score is the vector times the bent sum of both projections.",
    nulls=AGREEMENT_NULLS,
)


@ADDITIVE.law(
    "additive-bounded",
    "self-attention.additive",
    nulls=("doubled",),
    fields={"data": ("large", "ones", "integers", "normal")},
)
def check_bounded(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No score is larger than the sum of the vector's absolute entries."""
    # Where every tangent is as good as 1, an entry that is not bent is 256 times that.
    large = case.replace(
        query=forms.scaled(case["query"], 256.0), key=forms.scaled(case["key"], 256.0)
    )
    size = np.abs(case["vector"].astype(np.float64)).sum()
    output = bench.run(large).output.astype(np.float64)
    nearest = np.clip(np.nan_to_num(output), -size, size)
    yield within(nearest, output, bench.judged(large).bound, what="nearest score")


@ADDITIVE.law("additive-odd", "self-attention.additive", nulls=("shifted",))
def check_odd(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Opposite queries and keys have opposite scores, and so has an opposite vector."""
    opposite = case.replace(query=-case["query"], key=-case["key"])
    yield from forms.same(case, opposite, bench, np.negative)
    yield from forms.same(
        case, case.replace(vector=-case["vector"]), bench, np.negative
    )


@ADDITIVE.law("additive-swapped", "self-attention.additive", nulls=("last_key",))
def check_swapped(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries and keys may change places if their projections do."""
    one, two = case["query_weight"], case["key_weight"]
    other = forms.exchanged(case, query_weight=two, key_weight=one)
    yield from forms.same(case, other, bench, forms.transposed)


__all__ = ["ADDITIVE"]
