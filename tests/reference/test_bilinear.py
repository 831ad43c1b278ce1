from __future__ import annotations

import math

import numpy as np
from hypothesis import given

from attnspec.reference import bilinear, dot_product
from tests.reference._problems import generators, sizes, whole


@given(generators(), sizes(), sizes(), sizes())
def test_the_identity_makes_the_bilinear_form_a_dot_product(
    rng: np.random.Generator, length: int, keys: int, width: int
) -> None:
    query, key = whole(rng, length, width), whole(rng, keys, width)
    expected = dot_product(query, key)

    assert np.array_equal(expected, bilinear(query, key, np.eye(width)))


@given(generators(), sizes(0, 5), sizes(0, 5))
def test_the_bilinear_form_takes_every_pair_of_entries(
    rng: np.random.Generator, width: int, key_width: int
) -> None:
    query, key = whole(rng, 2, width), whole(rng, 3, key_width)
    weight = whole(rng, width, key_width)
    expected = [[math.fsum((np.outer(q, k) * weight).flat) for k in key] for q in query]

    assert np.array_equal(expected, bilinear(query, key, weight))
