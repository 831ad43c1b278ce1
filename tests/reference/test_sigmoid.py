from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import sigmoid
from tests.reference._bounds import UNDERFLOW, UNIT, gamma
from tests.reference._problems import Array, score_rows, sizes

Rows = tuple[Array, Array]


@given(score_rows(), st.sampled_from([-3.0, 0.0, 3.0]))
def test_sigmoid_is_the_logistic_function_of_each_score(
    rows: Rows, offset: float
) -> None:
    """1 / (1 + exp(-x)): x is rounded once, exp is off by 4 u, then two roundings."""
    scores, mask = rows

    for score, seen, weight in zip(
        scores.flat, mask.flat, sigmoid(*rows, offset=offset).flat, strict=True
    ):
        x = min(max(score + offset, -700.0), 700.0)
        expected = 1.0 / (1.0 + math.exp(-x)) if seen else 0.0
        bound = np.expm1(UNIT * (2.0 * abs(x) + 16.0)) * expected
        assert abs(expected - weight) <= bound + UNDERFLOW


@given(sizes(1, 40))
def test_the_advised_offset_makes_equal_zeros_sum_to_about_one(keys: int) -> None:
    """The sum is n / (n + 1): never one, and near it for many keys."""
    total = sigmoid(np.zeros(keys), offset=-math.log(keys)).sum()

    assert abs(total - keys / (keys + 1.0)) <= gamma(keys + 8.0 * math.log(keys) + 16)
