"""Buckets of distances: the kind `t5`, and its laws."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import t5_buckets

_PLAIN = {"buckets": 32, "max_distance": 128, "bidirectional": True}

_UNITS = 2.0**-20
"""How far a logarithm in float32, and a product with it, may be off: 16 roundings."""


def _count(case: Case | Recipe) -> int:
    """Return the buckets of one side."""
    both = _option(case, "bidirectional")
    return int(_option(case, "buckets")) // (2 if both else 1)


def _option(case: Case | Recipe, name: str) -> int:
    """Return an option, or its default where it is not in force."""
    found = case[name]
    return int(_PLAIN[name] if found is None else found)


def _mend(recipe: Recipe) -> Recipe:
    """Let the maximal distance be greater than what has buckets of its own."""
    least = _count(recipe) // 2 + 1
    if recipe["max_distance"] < least:
        return recipe.replace(max_distance=least)
    return recipe


def _undecided(distance: int, count: int, far: int) -> bool:
    """Return whether the logarithm is as good as whole, so that rounding decides."""
    near = count // 2
    if not near < distance < far:
        return False
    whole, wide = math.log(far / near), count - near
    place = math.log(distance / near) / whole * wide
    # Relative to the place, and absolute in log(d / near), whose argument is rounded.
    error = _UNITS * (place + wide / whole)
    return math.floor(place - error) != math.floor(place + error)


@functools.cache
def _nearer(count: int, far: int) -> Array:
    """Return for each distance below the maximal one the next on which all agree."""
    nearer = np.arange(far)
    for n in range(far):
        if _undecided(n, count, far):
            # The one before has been moved already, if it had to be.
            nearer[n] = nearer[n - 1]
    return nearer


def decided(relative: Array, count: int, far: int) -> Array:
    """Move distances on which rounding decides one step nearer, until it does not."""
    distance = np.abs(relative)
    moved = _nearer(count, far)[np.minimum(distance, far - 1)]
    return np.asarray(np.sign(relative) * np.where(distance < far, moved, distance))


def _build(recipe: Recipe) -> Case:
    queries, keys = recipe["queries"], recipe["keys"]
    steps = np.arange(keys) - np.arange(keys - queries, keys)[:, None]
    loose = integers(recipe.seed, "relative", steps.shape, 0, recipe["stride"] - 1)
    relative = steps * recipe["stride"] + loose
    relative = decided(relative, _count(recipe), recipe["max_distance"])
    options = {name: recipe[name] for name in _PLAIN}
    return Case(
        operands={"relative": relative},
        options={n: v for n, v in options.items() if v != _PLAIN[n]},
        results=result("bucket", steps.shape, "integer"),
        dtype=recipe.dtype,
    )


def _judge(case: Case, _choices: Dialect, _model: NumericModel) -> Judged:
    """Compare whole numbers: there is nothing to round."""
    options: dict[str, Any] = {
        name: type(plain)(_option(case, name)) for name, plain in _PLAIN.items()
    }
    return unrounded(_defined(case["relative"], **options))


def _defined(
    relative: Array,
    *,
    buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Array:
    """Evaluate the definition."""
    return t5_buckets(
        relative,
        buckets=buckets,
        max_distance=max_distance,
        bidirectional=bidirectional,
    )


def _wrapped(case: Case, right: Right) -> Array:
    """Start again with the first bucket behind the last."""
    far = _option(case, "max_distance")
    relative = case["relative"]
    return right(case.replace(relative=np.sign(relative) * (np.abs(relative) % far)))


T5 = Kind(
    name="t5",
    sentence="Sorts distances, key minus query, into buckets.",
    table=Table(
        fields={
            "queries": (1, 2, 3, 5, 17),
            "keys": (1, 2, 5, 8, 33),
            "stride": (1, 3, 17, 100),
            "bidirectional": (True, False),
            "buckets": (32, 4, 6, 8, 20, 64),
            "max_distance": (128, 20, 81, 1000),
        },
        claims={
            "bidirectional": Claim(
                "keys on the left alone, as in a decoder", "bidirectional"
            ),
            "buckets": Claim("another number of buckets than 32", "buckets"),
            "max_distance": Claim("another maximal distance than 128", "max_distance"),
        },
        mend=_mend,
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.T5,
    simplest={"queries": 5, "keys": 5},
    nulls={
        # Query minus key.
        "turned": lambda case, right: right(case.changed(np.negative, "relative")),
        "folded": lambda case, right: right(
            case.replace(relative=-np.abs(case["relative"]))
        ),
        "wrapped": _wrapped,
        "halved": lambda case, right: right(
            case.replace(relative=case["relative"] // 2)
        ),
    },
)


def _asked(case: Case, relative: Array) -> Case:
    """Return the same call for other distances, one row of them."""
    return case.replace(relative=relative[None]).returning((1, len(relative)))


T5.agreement_law(
    "positions.t5-buckets",
    "Buckets are those of the formula, wherever no rounding decides.",
    nulls=("zeros", "turned", "folded", "wrapped", "halved"),
)


@T5.law("t5-near", "positions.t5-buckets", nulls=("zeros", "halved"))
def check_near(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Distances below half the buckets of their side have a bucket each."""
    near = np.arange(_count(case) // 2)
    found = bench.run(_asked(case, -near)).output
    yield identical(near[None], found, what="bucket")


@T5.law("t5-far", "positions.t5-buckets", nulls=("zeros", "wrapped"))
def check_far(case: Case, bench: Bench) -> Iterator[Comparison]:
    """From the maximal distance on all share the last bucket of their side."""
    # At the maximal distance, next to it, and far beyond: past 2**16 too.
    far = _option(case, "max_distance") + np.array([0, 1, 7, 1000, 100_000])
    found = bench.run(_asked(case, -far)).output
    yield identical(np.full((1, 5), _count(case) - 1), found, what="bucket")


@T5.law("t5-order", "positions.t5-buckets", nulls=("wrapped",))
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Of two distances the greater one never has the lower bucket."""
    far = np.unique(np.abs(case["relative"]))
    more = np.concatenate([far, far[-1] + np.array([1, 50, 1000])])
    steps = decided(np.unique(more), _count(case), _option(case, "max_distance"))
    found = bench.run(_asked(case, -steps)).output
    yield identical(np.maximum.accumulate(found, axis=-1), found, what="bucket")


@T5.law(
    "t5-sides",
    "positions.t5-buckets",
    nulls=("folded",),
    fields={"keys": (2, 5, 8, 33), "stride": (3, 17, 100)},
)
def check_sides(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Right of the query are the buckets of the left, half of all later, or none."""
    # Distance 0 is on neither side.
    distance = np.unique(np.abs(case["relative"])) + 1
    distance = decided(distance, _count(case), _option(case, "max_distance"))
    left = bench.run(_asked(case, -distance)).output
    right = bench.run(_asked(case, distance)).output
    both = bool(_option(case, "bidirectional"))
    expected = left + _count(case) if both else np.zeros_like(left)
    yield identical(expected, right, what="bucket on the right")


__all__ = ["T5", "decided"]
