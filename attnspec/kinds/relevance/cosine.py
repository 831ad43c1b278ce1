"""Relevance by the angle: the kind `cosine`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.relevance import _queries_and_keys as forms
from attnspec.kinds.relevance import _usage as usage
from attnspec.kinds.relevance._wrong_scores import AGREEMENT_NULLS, NULLS
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import cosine


def _build(recipe: Recipe) -> Case:
    vectors = forms.queries_and_keys(recipe, recipe["width"])
    if recipe["zeros"]:
        vectors["query"][..., 0, :] = 0
        vectors["key"][..., -1, :] = 0
    return forms.case_of(recipe, vectors)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Bring both to length one, then multiply; a norm may be scaled before."""
    query, key = _direction(case["query"], model), _direction(case["key"], model)
    exact = judged(query @ key.swapaxes(-1, -2), model)
    if choices["zero_vector"] == "zero":
        return exact
    # No number is near to NaN: it is there, or not.
    nowhere = ~case["query"].any(-1)[..., :, None] | ~case["key"].any(-1)[..., None, :]
    output = np.where(nowhere, np.nan, exact.output)
    return Judged(output, np.where(nowhere, 0.0, exact.bound))


def _direction(vectors: Array, model: NumericModel) -> Tracked:
    """Bring each row to length one, as a norm makes it that may be scaled before."""
    rows = Tracked.of(vectors, model)
    norm = (rows * rows).sum(keepdims=True).sqrt()
    length = norm.where(norm.value > 0, 1.0)
    # Scaled before, an entry rounds once more and so does its norm; four are room.
    # An entry of 0 stays 0 and has no error, whatever its length.
    return (rows / length).rounding(4.0).where(rows.value != 0, 0.0)


def _defined(query: Array, key: Array) -> Array:
    """Score by the cosine of the angle."""
    return forms.rounded(cosine)(query, key)


def _dot_product(case: Case, _right: Right) -> Array:
    """Answer with the dot product."""
    query, key = (case[name].astype(np.float64) for name in ("query", "key"))
    return np.asarray(query @ key.swapaxes(-1, -2))


COSINE = Kind(
    name="cosine",
    sentence="Scores queries against keys by the cosine of their angle.",
    table=Table({**forms.SIZES, "zeros": (False, True)}),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.COSINE,
    simplest={"queries": 3, "keys": 8, "width": 8, "data": "normal"},
    choices={"zero_vector": ("zero", "nan")},
    probes=({"queries": 2, "keys": 3, "width": 3, "data": "normal", "zeros": True},),
    nulls={**NULLS, "dot_product": _dot_product},
)


COSINE.agreement_law(
    "self-attention.cosine",
    "A score is the dot product over both lengths.",
    nulls=AGREEMENT_NULLS,
)


@COSINE.law("cosine-length", "self-attention.cosine", nulls=("dot_product",))
def check_length(case: Case, bench: Bench) -> Iterator[Comparison]:
    """How long a query or a key is changes no score."""
    # Powers of two, so that no entry is rounded.
    longer = case.replace(query=forms.scaled(case["query"], 4.0))
    shorter = longer.replace(key=forms.scaled(case["key"], 0.5))
    yield from forms.same(case, longer, bench)
    yield from forms.same(case, shorter, bench)


@COSINE.law(
    "cosine-range",
    "self-attention.cosine",
    nulls=("doubled",),
    fields={"zeros": (False,)},
)
def check_range(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No score leaves the interval from -1 to 1."""
    exact = bench.judged(case)
    output = bench.run(case).output.astype(np.float64)
    nearest = np.clip(np.nan_to_num(output), -1.0, 1.0)
    nearest = np.where(np.isnan(exact.output), np.nan, nearest)
    yield within(nearest, output, exact.bound, what="nearest score")


@COSINE.law(
    "cosine-self",
    "self-attention.cosine",
    nulls=("zeros", "doubled", "negated"),
    fields={"data": ("normal", "ones", "large", "small", "ties"), "zeros": (False,)},
)
def check_self(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A vector has a score of 1 for itself, and of -1 for its opposite."""
    query = case["query"]
    shape = (*query.shape[:-1], query.shape[-2])
    for sign in (1, -1):
        own = case.replace(key=(sign * query).astype(query.dtype)).returning(shape)
        scores = bench.run(own).output.diagonal(axis1=-2, axis2=-1)
        bound = bench.judged(own).bound.diagonal(axis1=-2, axis2=-1)
        yield within(np.full(scores.shape, sign * 1.0), scores, bound, what="score")


@COSINE.law("cosine-symmetric", "self-attention.cosine", nulls=("last_key",))
def check_symmetric(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys against queries have the same scores."""
    yield from forms.same(case, forms.exchanged(case), bench, forms.transposed)


@COSINE.law(
    "cosine-zero",
    "self-attention.cosine",
    nulls=("ones",),
    fields={"zeros": (True,), "data": ("normal", "ones", "large", "small", "ties")},
)
def check_zero(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A vector of zeros scores 0, or as its dialect says, and spoils no other score."""
    output = bench.run(case).output
    none = np.nan if bench.dialect["zero_vector"] == "nan" else 0.0
    first, last = output[..., 0, :], output[..., :, -1]
    yield within(np.full(first.shape, none), first, np.zeros(()), what="score")
    yield within(np.full(last.shape, none), last, np.zeros(()), what="score")
    rest = output[..., 1:, :-1].astype(np.float64)
    numbers = np.nan_to_num(rest, posinf=0.0, neginf=0.0)
    yield within(numbers, rest, np.zeros(()), what="score of two others")


__all__ = ["COSINE"]
