from __future__ import annotations

import math

import numpy as np
from hypothesis import given

from attnspec.reference import sparsemax
from tests.reference._bounds import gamma
from tests.reference._problems import Array, quarters

Rows = tuple[Array, Array]


def limit(weights: Array) -> float:
    """Bound the error of a threshold that is found by sorting, for either of them."""
    keys = weights.shape[-1]
    return 2.0 * max(1.0, float(weights.max())) * gamma(6 * keys**2 + 12 * keys + 14)


@given(quarters())
def test_sparsemax_is_the_nearest_point_of_the_simplex(rows: Rows) -> None:
    """From the nearest point w, no corner c lies ahead: (s - w) . (c - w) <= 0."""
    scores, mask = rows
    weights = sparsemax(scores, mask)

    for row, seen, nearest in zip(scores, mask, weights, strict=True):
        ahead = np.where(seen, row, 0.0) - nearest
        slack = 16.0 * limit(nearest) * len(row)
        inner = math.fsum(ahead * nearest)
        assert all(a - inner <= slack for a in ahead[seen])
