"""Sets of whole numbers, and the problems of attention that reading them is."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.reference import Projections
from tests.reference._problems import Array, Problem


def whole(rng: np.random.Generator, count: int) -> Array:
    """Vectors of small whole numbers, whose projections are exact."""
    return rng.integers(-2, 3, (count, 3)).astype(np.float64)


def reading(rng: np.random.Generator) -> Projections:
    return Projections(*(whole(rng, 3) for _ in range(3)))


def alone(
    query: Array, key: Array, value: Array, options: dict[str, Any] | None = None
) -> Problem:
    """A problem of one head, from its matrices."""
    arrays = query[None, None], key[None, None], value[None, None]
    return Problem(*arrays, options or {})


def asked(readers: Array, members: Array, by: Projections, **options: Array) -> Problem:
    """The problem of attention that a reading is."""
    return alone(readers @ by.query, members @ by.key, members @ by.value, options)
