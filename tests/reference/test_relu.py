from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import relu_by_length, relu_by_visible
from tests.reference._problems import Array, quarters

Rows = tuple[Array, Array]


@given(quarters())
def test_the_two_divisors_of_relu_are_the_length_and_the_visible(rows: Rows) -> None:
    scores, mask = rows
    positive = np.where(mask, np.maximum(scores, 0.0), 0.0)
    visible = mask.sum(axis=-1, keepdims=True)

    assert np.array_equal(positive / scores.shape[-1], relu_by_length(*rows))
    assert np.array_equal(positive / visible, relu_by_visible(*rows))
    assert np.array_equal(relu_by_length(scores), relu_by_visible(scores))


@given(quarters())
def test_the_power_of_the_divisor_may_be_chosen(rows: Rows) -> None:
    scores, mask = rows
    positive = np.where(mask, np.maximum(scores, 0.0), 0.0)

    assert np.array_equal(positive, relu_by_length(*rows, power=0.0))
    assert np.array_equal(positive, relu_by_visible(*rows, power=0.0))
