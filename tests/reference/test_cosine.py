from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import cosine
from tests.reference._bounds import gamma
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1, 6), st.sampled_from([1e-300, 1.0, 1e300]))
def test_the_cosine_is_the_dot_product_over_both_lengths(
    rng: np.random.Generator, width: int, size: float
) -> None:
    """Each direction is off by gamma(E + 5), the sum by gamma(E), the rest by 6 u."""
    query, key = rng.normal(size=(2, width)), rng.normal(size=(3, width))
    actual = cosine(size * query, size * key)

    for (i, j), score in np.ndenumerate(actual):
        lengths = math.hypot(*query[i]) * math.hypot(*key[j])
        expected = math.fsum(query[i] * key[j]) / lengths
        # At 1e-300 and 1e300 each entry is rounded once more before.
        assert abs(expected - score) <= gamma(3 * width + 24)


@given(generators(), sizes(1, 6), st.integers(-40, 40))
def test_the_cosine_does_not_see_lengths(
    rng: np.random.Generator, width: int, power: int
) -> None:
    query, key = rng.normal(size=(2, width)), rng.normal(size=(3, width))

    assert np.array_equal(cosine(query, key), cosine(2.0**power * query, key))


def test_a_vector_without_direction_scores_zero() -> None:
    nothing, something = np.zeros((1, 3)), np.ones((2, 3))

    assert np.array_equal(np.zeros((1, 2)), cosine(nothing, something))
    assert np.array_equal(np.zeros((2, 1)), cosine(something, nothing))
    assert cosine(np.empty((1, 0)), np.empty((1, 0))).item() == 0.0
