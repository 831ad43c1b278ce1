"""Where queries and keys stand, and how far apart."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def places(queries: int, keys: int) -> tuple[Array, Array]:
    """Return where queries and keys stand, in two axes."""
    return (np.arange(queries) + keys - queries)[:, None], np.arange(keys)


def distances(queries: int, keys: int, *, upper_left: bool = False) -> Array:
    """Return how far each key lies to the right of each query."""
    start = 0 if upper_left else keys - queries
    return np.arange(keys) - (np.arange(queries) + start)[:, None]


__all__ = ["distances", "places"]
