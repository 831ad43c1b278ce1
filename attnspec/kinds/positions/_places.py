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

Places = npt.NDArray[np.int64]

PLACES = ("range", "offset", "reversed", "repeated", "far")


def places(recipe: Recipe) -> Places:
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


PAIRINGS = ("interleaved", "half_split", "interleaved_to_halves")
"""Which entries are read as a pair, and where its two results are written."""

PARTIAL = ("own_width", "whole_width")
"""Whose pairs and frequencies those are of which only some turn."""


def pairs_of(pairing: str, width: int) -> tuple[Places, Places]:
    """Return where pairs are read and where they are written, (2, width / 2) each."""
    halves = rotary_pairs(width, pairing="half_split")
    neighbors = rotary_pairs(width, pairing="interleaved")
    read = halves if pairing == "half_split" else neighbors
    return read, neighbors if pairing == "interleaved" else halves


def turned(
    x: Tracked,
    positions: Places,
    pairing: str,
    *,
    width: int | None = None,
    span: int | None = None,
    base: float = BASE,
    tables: str | None = None,
) -> Tracked:
    """Turn each pair by its angle; `width` entries turn, of the pairs of the span.

    The format that operations compute in computes the angles. A power of the base is
    off by what its exponent is off by, times its logarithm. A table of cosines and
    sines is one operation and may be stored in a format of its own; the products with
    it, and their sum, are operations of their own.
    """
    width = x.value.shape[-1] if width is None else width
    span = width if span is None else span
    if not width:
        return x
    reading, writing = pairs_of(pairing, span)
    count = width // 2
    exponents = np.arange(0, width, 2) / span
    # Four units for the power, one for a reciprocal, one to spare; for its exponent
    # those of the quotient, of the logarithm and of their product.
    frequencies = x.within().like(base**-exponents).rounding(6.0 + 3.0 * math.log(base))
    angles = frequencies * positions[..., None].astype(np.float64)
    both = angles.cosine(), angles.sine()
    stored = both if tables is None else (table.stored(tables) for table in both)
    cosine, sine = (x.like(table.value, table.error) for table in stored)
    one, two = (x[..., places] for places in reading[:, :count])
    parts = one * cosine - two * sine, one * sine + two * cosine
    value, error = x.value.copy(), x.error.copy()
    for old, new in ((x.value, value), (x.error, error)):
        new[..., writing.ravel()] = old[..., reading.ravel()]
    for place, part in zip(writing[:, :count], parts, strict=True):
        value[..., place], error[..., place] = part.value, part.error
    return x.like(value, error)


__all__ = [
    "BASE",
    "PAIRINGS",
    "PARTIAL",
    "PLACES",
    "pairs_of",
    "places",
    "squared",
    "turned",
]
