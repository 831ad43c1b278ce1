"""Linear attention with a normalizer: the kind `normalized-linear`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, late, whole_sequence
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.recurrence import _laws as laws
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence import _usage as usage
from attnspec.kinds.recurrence._bounds import rounded
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import elu_plus_one, normalized_linear_attention

_LEAST = 2.0**-3
"""The least feature, far above what systems add to a sum to keep it from zero."""

_TABLE = Table(
    fields={
        **sequences.SIZES,
        "features": ("ones", "elu", "squares"),
        "data": ("integers", "normal"),
    },
    families=sequences.chunks(longest=65),
)


def _features(recipe: Recipe, label: str) -> Array:
    """Return queries or keys after a positive feature map."""
    shape = sequences.shape_of(recipe, recipe["width"])
    raw = normals(recipe.seed, label, shape)
    kinds = {
        "ones": np.ones(shape),
        "elu": elu_plus_one(raw),
        "squares": integers(recipe.seed, label, shape, 1, 4) ** 2 * 1.0,
    }
    return cast(np.maximum(kinds[recipe["features"]], _LEAST), recipe)


def _build(recipe: Recipe) -> Case:
    width = recipe["value_width"]
    operands = {
        "query": _features(recipe, "query"),
        "key": _features(recipe, "key"),
        "value": sequences.vectors(recipe, "value", width),
    }
    return single(recipe, operands, sequences.shape_of(recipe, width))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:  # noqa: ARG001 - there is nothing to choose
    """Divide what was summed up by the sum of the weights."""
    query, key, value = (wide(case[name]) for name in ("query", "key", "value"))
    weights = np.tril(query @ key.swapaxes(-1, -2))
    weighed, total = weights @ value, weights.sum(-1, keepdims=True)
    size = weights @ np.abs(value)
    output = rounded(weighed, size, size, case, model)
    divisor = rounded(total, total, total, case, model)
    answer: Tracked = output / divisor
    return judged(answer, model)


def _defined(query: Array, key: Array, value: Array) -> Array:
    """Evaluate the definition and round its result once."""
    output = normalized_linear_attention(wide(query), wide(key), wide(value))
    return np.asarray(output.astype(query.dtype))


def _undivided(case: Case, right: Right) -> Array:
    """Forget to divide by a sum, as far as formats reach."""
    weights = np.tril(wide(case["query"]) @ wide(case["key"]).swapaxes(-1, -2))
    # No product leaves the range of float16.
    return right(case) * np.minimum(weights.sum(-1, keepdims=True), 64.0)


NORMALIZED_LINEAR = Kind(
    name="normalized-linear",
    sentence="Averages values with linear weights of positive features.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.NORMALIZED_LINEAR,
    simplest={
        "length": 8,
        "width": 8,
        "value_width": 5,
        "features": "elu",
    },
    nulls={
        "late": late,
        "undivided": _undivided,
        "beyond": lambda case, right: right(case) * 1.5,
        "whole_sequence": whole_sequence,
    },
)


NORMALIZED_LINEAR.agreement_law(
    "recurrence.normalized",
    "The values up to its own are averaged with weights that sum to one.",
    nulls=("zeros", "late", "undivided"),
)


@NORMALIZED_LINEAR.law(
    "normalized-linear-sum", "recurrence.normalized", nulls=("zeros", "undivided")
)
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Weights sum to one: values that are all the same are given back."""
    first = np.broadcast_to(case["value"][..., :1, :], case["value"].shape)
    yield from agrees(case.replace(value=first), bench)


@NORMALIZED_LINEAR.law(
    "normalized-linear-hull", "recurrence.normalized", nulls=("beyond",)
)
def check_hull(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No weight is negative: an output lies among the values up to its own."""
    value = wide(case["value"])
    low = np.minimum.accumulate(value, axis=-2)
    high = np.maximum.accumulate(value, axis=-2)
    output = wide(bench.run(case).output)
    yield within(np.clip(output, low, high), output, bench.judged(case).bound)


@NORMALIZED_LINEAR.law(
    "normalized-linear-scale", "recurrence.normalized", nulls=("undivided",)
)
def check_scale(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries and keys that are longer by one factor change nothing."""
    for name in ("query", "key"):
        # A power of two: nothing is rounded by it.
        longer = (wide(case[name]) * 4.0).astype(case[name].dtype)
        yield from alike(case, case.replace(**{name: longer}), bench, f"{name} times 4")


NORMALIZED_LINEAR.law(
    "normalized-linear-past",
    "recurrence.normalized",
    also=("recurrence.past",),
    nulls=("whole_sequence",),
    fields={"length": sequences.LENGTHS[1:]},
)(laws.prefix)


__all__ = ["NORMALIZED_LINEAR"]
