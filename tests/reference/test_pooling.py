from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import attention, pool
from tests.reference._bounds import bounds
from tests.reference._problems import generators, sizes
from tests.reference._sets import alone


@given(generators(), sizes(1))
def test_pooling_gives_one_vector(rng: np.random.Generator, members: int) -> None:
    actual = pool(rng.normal(size=2), *rng.normal(size=(2, members, 2)))

    assert actual.shape == (2,)


@given(generators(), sizes(1))
def test_pooling_is_attention_with_one_query(
    rng: np.random.Generator, members: int
) -> None:
    query, (key, value) = rng.normal(size=2), rng.normal(size=(2, members, 2))
    expected = attention(query[None, None, None], key[None, None], value[None, None])

    assert np.array_equal(expected[0, 0, 0], pool(query, key, value))


@given(generators(), sizes(1))
def test_pooling_is_invariant_under_permutations_of_the_set(
    rng: np.random.Generator, members: int
) -> None:
    query, (key, value) = rng.normal(size=2), rng.normal(size=(2, members, 2))
    order = rng.permutation(members)
    expected, actual = pool(query, key, value), pool(query, key[order], value[order])
    bound = bounds(alone(query[None], key, value)).output[0, 0, 0]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


def test_a_set_without_members_is_summed_up_as_zero() -> None:
    actual = pool(np.ones(2), np.empty((0, 2)), np.empty((0, 3)))

    assert np.array_equal(np.zeros(3), actual)
