from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import Projections, attention, padded, pool, read_set
from tests.reference._bounds import bounds
from tests.reference._problems import Array, Problem, generators, sizes

ANYTHING = st.sampled_from([0.0, -7.0, 1e300, np.nan, np.inf])


def whole(rng: np.random.Generator, count: int) -> Array:
    """Vectors of small whole numbers, whose projections are exact."""
    return rng.integers(-2, 3, (count, 3)).astype(np.float64)


def reading(rng: np.random.Generator) -> Projections:
    return Projections(*(whole(rng, 3) for _ in range(3)))


def alone(
    query: Array, key: Array, value: Array, options: dict[str, Any] | None = None
) -> Problem:
    """A problem of one head, from its matrices."""
    arrays = query[None, None], key[None, None], value[None, None]
    return Problem(*arrays, options or {})


def asked(readers: Array, members: Array, by: Projections, **options: Array) -> Problem:
    """The problem of attention that a reading is."""
    return alone(readers @ by.query, members @ by.key, members @ by.value, options)


@given(generators(), sizes(), sizes())
def test_as_many_vectors_come_out_as_there_are_readers(
    rng: np.random.Generator, readers: int, members: int
) -> None:
    by = reading(rng)
    actual = read_set(whole(rng, readers), whole(rng, members), by)

    assert actual.shape == (readers, 3)


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


@given(generators(), sizes(1))
def test_self_attention_is_equivariant_under_permutations_of_the_set(
    rng: np.random.Generator, members: int
) -> None:
    x, by, order = whole(rng, members), reading(rng), rng.permutation(members)
    expected = read_set(x, x, by)[order]
    actual = read_set(x[order], x[order], by)
    bound = bounds(asked(x, x, by)).output[0, 0, order]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(generators(), sizes(1), sizes(1))
def test_cross_attention_is_equivariant_in_its_readers(
    rng: np.random.Generator, readers: int, members: int
) -> None:
    x, z = whole(rng, readers), whole(rng, members)
    by, order = reading(rng), rng.permutation(readers)
    expected, actual = read_set(x, z, by)[order], read_set(x[order], z, by)
    bound = bounds(asked(x, z, by)).output[0, 0, order]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(generators(), sizes(1), sizes(1))
def test_cross_attention_is_invariant_under_permutations_of_the_members(
    rng: np.random.Generator, readers: int, members: int
) -> None:
    x, z = whole(rng, readers), whole(rng, members)
    by, order = reading(rng), rng.permutation(members)
    expected, actual = read_set(x, z, by), read_set(x, z[order], by)
    bound = bounds(asked(x, z, by)).output[0, 0]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(generators(), sizes(0, 5), sizes(0, 4), ANYTHING)
def test_padding_with_masked_vectors_changes_nothing_whatever_they_hold(
    rng: np.random.Generator, members: int, added: int, fill: float
) -> None:
    query, x = rng.normal(size=3), whole(rng, members)
    more, mask = padded(x, members + added, fill)
    expected, actual = pool(query, x, x), pool(query, more, more, mask=mask)
    bound = bounds(alone(query[None], x, x)).output[0, 0, 0]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(generators(), sizes(0, 5), sizes(0, 4))
def test_padded_sets_keep_their_members(
    rng: np.random.Generator, members: int, added: int
) -> None:
    x = rng.normal(size=(members, 2))
    more, mask = padded(x, members + added, 9.0)

    assert np.array_equal(x, more[mask])
    assert np.array_equal(np.full((added, 2), 9.0), more[~mask])


def test_a_set_without_members_is_summed_up_as_zero() -> None:
    actual = pool(np.ones(2), np.empty((0, 2)), np.empty((0, 3)))

    assert np.array_equal(np.zeros(3), actual)


def test_a_set_is_not_cut_to_a_size() -> None:
    with pytest.raises(InvalidArgument, match="size: expected 3 or more, got 2"):
        inspect.unwrap(padded)(np.zeros((3, 1)), 2)
