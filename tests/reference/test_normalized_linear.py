"""Linear attention with a normalizer."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import elu_plus_one, normalized_linear_attention
from tests.reference._bounds import gamma
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1))
def test_normalized_weights_sum_to_one(rng: np.random.Generator, length: int) -> None:
    query, key = elu_plus_one(rng.normal(size=(2, length, 3)))
    actual = normalized_linear_attention(query, key, np.ones((length, 1)))

    assert np.array_equal(np.ones((length, 1)), actual)


@given(generators(), sizes(1))
def test_normalized_outputs_lie_among_the_values_of_the_past(
    rng: np.random.Generator, length: int
) -> None:
    query, key = elu_plus_one(rng.normal(size=(2, length, 3)))
    value = rng.normal(size=(length, 2))
    actual = normalized_linear_attention(query, key, value)
    low = np.minimum.accumulate(value, axis=0)
    high = np.maximum.accumulate(value, axis=0)
    slack = gamma(5 * length + 20) * np.maximum.accumulate(np.abs(value), axis=0)

    assert (low - slack <= actual).all()
    assert (actual <= high + slack).all()


def test_the_feature_map_is_positive_and_continuous() -> None:
    x = np.array([-700.0, -1.0, -(2.0**-60), 0.0, 2.0**-60, 1.0, 700.0])
    actual = elu_plus_one(x)

    assert (actual > 0).all()
    assert np.array_equal(np.ones(3), actual[2:5])
    assert (np.diff(actual) >= 0).all()
