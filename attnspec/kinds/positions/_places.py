"""Positions as integers, and what is turned by them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.numerics.tracked import Tracked
from attnspec.reference import rotary_pairs

BASE = 10000.0
"""The base of the angles, where none is given."""

PLACES = ("range", "offset", "reversed", "repeated", "far")


def places(recipe: Recipe) -> npt.NDArray[np.int64]:
    """Return the positions of a recipe."""
    count = np.arange(recipe["length"])
    kinds = {
        "range": count,
        "offset": count + 1000,
        "reversed": count[::-1],
        "repeated": count // 2,
        # bfloat16 has no 257, nor most of its multiples.
        "far": count * 257 + 3,
    }
    return np.ascontiguousarray(kinds[recipe["positions"]]).astype(np.int64)


def squared(case: Case, right: Right) -> Array:
    """Take the squares of the positions."""
    # The bound grows with the angle, so the squares are kept as small as positions.
    return right(case.replace(positions=case["positions"] ** 2 % 4096))


def turned(
    x: Tracked,
    positions: npt.NDArray[np.int64],
    pairing: str,
    *,
    width: int | None = None,
    base: float = BASE,
) -> Tracked:
    """Turn each pair by its angle, the angles computed in the working format too.

    A power of the base is off by what its exponent is off by, times its logarithm.
    """
    width = x.value.shape[-1] if width is None else width
    if not width:
        return x
    first, second = rotary_pairs(width, pairing=pairing)  # type: ignore[arg-type]
    exponents = np.arange(0, width, 2) / width
    # Four units for the power, one for a reciprocal, one to spare; for its exponent
    # those of the quotient, of the logarithm and of their product.
    frequencies = x.like(base**-exponents).rounding(6.0 + 3.0 * math.log(base))
    angles = frequencies * positions[..., None].astype(np.float64)
    cosine, sine = angles.cosine(), angles.sine()
    one, two = x[..., first], x[..., second]
    parts = one * cosine - two * sine, one * sine + two * cosine
    value, error = x.value.copy(), x.error.copy()
    for place, part in zip((first, second), parts, strict=True):
        value[..., place], error[..., place] = part.value, part.error
    return Tracked(value, error, x.unit, x.tiny)


__all__ = ["BASE", "PLACES", "places", "squared", "turned"]
