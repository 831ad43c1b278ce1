from __future__ import annotations

import math

import numpy as np

from attnspec.reference import entmax15, softmax, sparsemax
from tests.reference._bounds import gamma


def test_entmax_lies_between_softmax_and_sparsemax() -> None:
    """Two keys at a distance of 1: 0.73, (1 + root 7 / 4) / 2 = 0.83, 1."""
    expected = (1.0 + math.sqrt(7.0) / 4.0) / 2.0
    weights = [f(np.array([1.0, 0.0]))[0] for f in (softmax, entmax15, sparsemax)]

    assert weights == sorted(weights)
    assert abs(weights[1] - expected) <= gamma(6 * 4 + 12 * 2 + 14)
