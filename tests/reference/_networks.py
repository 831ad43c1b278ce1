"""A recurrent network with random weights, and attention to compare it with."""

from __future__ import annotations

import numpy as np

from attnspec.reference import Recurrence, attention
from tests.reference._problems import Array


def network(rng: np.random.Generator, width: int = 3) -> Recurrence:
    shapes = (2, width), (width, width), (width,)
    return Recurrence(*(rng.normal(size=shape) for shape in shapes))


def own(x: Array) -> Array:
    """Self-attention without projections."""
    return attention(*[x[None, None]] * 3)[0, 0]
