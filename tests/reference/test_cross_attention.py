from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import read_set
from tests.reference._bounds import bounds
from tests.reference._problems import generators, sizes
from tests.reference._sets import asked, reading, whole


@given(generators(), sizes(), sizes())
def test_as_many_vectors_come_out_as_there_are_readers(
    rng: np.random.Generator, readers: int, members: int
) -> None:
    by = reading(rng)
    actual = read_set(whole(rng, readers), whole(rng, members), by)

    assert actual.shape == (readers, 3)


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
