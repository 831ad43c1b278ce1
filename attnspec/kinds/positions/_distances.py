"""What kinds share whose scores depend on the distance of a query from each key."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array

SIZES: Mapping[str, tuple[int, ...]] = {
    "heads": (1, 2),
    "queries": (1, 2, 3, 5, 8, 17),
    "past": (0, 1, 3, 16),
    "width": (1, 2, 4, 8),
    "value_width": (1, 2, 3, 8),
}
"""The fields of the shapes of query, key and value; the past has keys alone."""


def weights_of(scores: Array) -> Array:
    """Return what the scores of each row weigh."""
    sizes = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(sizes / sizes.sum(-1, keepdims=True))


__all__ = ["SIZES", "weights_of"]
