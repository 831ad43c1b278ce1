"""What each form of relevance is known by, read off its own scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Bench
from attnspec.kinds.relevance.additive import ADDITIVE, BILINEAR, COSINE, same
from attnspec.numerics import Comparison, within


def _turned(scores: Array) -> Array:
    return scores.swapaxes(-1, -2)


def _other_way(case: Case, **changes: Any) -> Case:
    """Return the call in which queries and keys have changed places."""
    ((name, shape, dtype),) = case.results
    shape = (*shape[:-2], shape[-1], shape[-2])
    return case.replace(
        query=case["key"],
        key=case["query"],
        results=((name, shape, dtype),),
        **changes,
    )


def _scaled(array: Array, factor: float) -> Array:
    return (array.astype(np.float64) * factor).astype(array.dtype)


@BILINEAR.law("bilinear-transposed", "self-attention.bilinear", nulls=("last_key",))
def check_transposed(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys against queries by the transposed matrix have the same scores."""
    weight = np.ascontiguousarray(_turned(case["weight"]))
    yield from same(case, _other_way(case, weight=weight), bench, _turned)


@BILINEAR.law("bilinear-linear", "self-attention.bilinear", nulls=("shifted",))
def check_linear(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query that is twice as long, or a key, or the matrix, doubles the scores."""
    for name in ("query", "key", "weight"):
        other = case.replace(**{name: _scaled(case[name], 2.0)})
        yield from same(case, other, bench, lambda scores: 2.0 * scores)


@BILINEAR.law(
    "bilinear-identity",
    "self-attention.bilinear",
    also=("scores.dot-product",),
    nulls=("zeros", "doubled", "negated"),
)
def check_identity(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the identity between them the score is the dot product."""
    query, width = case["query"], case["query"].shape[-1]
    key = np.resize(case["key"], (*case["key"].shape[:-1], width))
    plain = case.replace(key=key, weight=np.eye(width).astype(query.dtype))
    exact = query.astype(np.float64) @ _turned(key.astype(np.float64))
    bound = bench.judged(plain).bound
    yield within(exact, bench.run(plain).output, bound, what="dot product")


@ADDITIVE.law(
    "additive-bounded",
    "self-attention.additive",
    nulls=("doubled",),
    fields={"data": ("large", "ones", "integers", "normal")},
)
def check_bounded(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No score is larger than the sum of the vector's absolute entries."""
    large = case.replace(
        query=_scaled(case["query"], 256.0), key=_scaled(case["key"], 256.0)
    )
    size = np.abs(case["vector"].astype(np.float64)).sum()
    output = bench.run(large).output.astype(np.float64)
    nearest = np.clip(np.nan_to_num(output), -size, size)
    yield within(nearest, output, bench.judged(large).bound, what="nearest score")


@ADDITIVE.law("additive-odd", "self-attention.additive", nulls=("shifted",))
def check_odd(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Opposite queries and keys have opposite scores, and so has an opposite vector."""
    opposite = case.replace(query=-case["query"], key=-case["key"])
    yield from same(case, opposite, bench, np.negative)
    yield from same(case, case.replace(vector=-case["vector"]), bench, np.negative)


@ADDITIVE.law("additive-swapped", "self-attention.additive", nulls=("last_key",))
def check_swapped(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries and keys may change places if their projections do."""
    one, two = case["query_weight"], case["key_weight"]
    other = _other_way(case, query_weight=two, key_weight=one)
    yield from same(case, other, bench, _turned)


@COSINE.law("cosine-length", "self-attention.cosine", nulls=("dot_product",))
def check_length(case: Case, bench: Bench) -> Iterator[Comparison]:
    """How long a query or a key is changes no score."""
    longer = case.replace(query=_scaled(case["query"], 4.0))
    shorter = longer.replace(key=_scaled(case["key"], 0.5))
    yield from same(case, longer, bench)
    yield from same(case, shorter, bench)


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
    ((name, shape, dtype),) = case.results
    found = ((name, (*shape[:-1], shape[-2]), dtype),)
    for sign in (1, -1):
        own = case.replace(key=(sign * query).astype(query.dtype), results=found)
        scores = bench.run(own).output.diagonal(axis1=-2, axis2=-1)
        bound = bench.judged(own).bound.diagonal(axis1=-2, axis2=-1)
        yield within(np.full(scores.shape, sign * 1.0), scores, bound, what="score")


@COSINE.law("cosine-symmetric", "self-attention.cosine", nulls=("last_key",))
def check_symmetric(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys against queries have the same scores."""
    yield from same(case, _other_way(case), bench, _turned)


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


__all__ = [
    "check_bounded",
    "check_identity",
    "check_length",
    "check_linear",
    "check_odd",
    "check_range",
    "check_self",
    "check_swapped",
    "check_symmetric",
    "check_transposed",
    "check_zero",
]
