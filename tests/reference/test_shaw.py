"""Shaw's scores and outputs, on small integers where sums are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    clipped_vectors,
    dot_product,
    shaw_outputs,
    shaw_scores,
    weighted_sum,
)
from tests.reference._problems import distances, generators, sizes, whole


@given(generators(), sizes(), sizes(), sizes(0, 4))
def test_the_vectors_of_shaw_are_clipped_at_the_ends_of_their_table(
    rng: np.random.Generator, queries: int, keys: int, reach: int
) -> None:
    table, relative = whole(rng, 2 * reach + 1, 3), distances(queries, keys)
    actual = clipped_vectors(relative, table)

    for (i, j), distance in np.ndenumerate(relative):
        assert np.array_equal(
            table[max(-reach, min(distance, reach)) + reach], actual[i, j]
        )


@given(generators(), sizes(), sizes(), sizes(0, 4), sizes(0, 4))
def test_shaw_scores_each_key_with_the_vector_of_its_distance(
    rng: np.random.Generator, queries: int, keys: int, width: int, reach: int
) -> None:
    query, key = whole(rng, queries, width), whole(rng, keys, width)
    table, relative = whole(rng, 2 * reach + 1, width), distances(queries, keys)
    vectors = clipped_vectors(relative, table)
    actual = shaw_scores(query, key, relative, table)

    for (i, j), score in np.ndenumerate(actual):
        assert query[i] @ (key[j] + vectors[i, j]) == score


@given(generators(), sizes(), sizes(), sizes(0, 4))
def test_shaw_sums_each_value_with_the_vector_of_its_distance(
    rng: np.random.Generator, queries: int, keys: int, reach: int
) -> None:
    weights, value = whole(rng, queries, keys), whole(rng, keys, 3)
    table, relative = whole(rng, 2 * reach + 1, 3), distances(queries, keys)
    vectors = clipped_vectors(relative, table)
    actual = shaw_outputs(weights, value, relative, table)

    for i, output in enumerate(actual):
        assert np.array_equal(weights[i] @ (value + vectors[i]), output)


@given(generators(), sizes(), sizes(1))
def test_a_table_of_zeros_leaves_plain_attention(
    rng: np.random.Generator, queries: int, keys: int
) -> None:
    query, key = whole(rng, queries, 2), whole(rng, keys, 2)
    weights, relative = whole(rng, queries, keys), distances(queries, keys)
    none = np.zeros((5, 2))

    assert np.array_equal(
        dot_product(query, key), shaw_scores(query, key, relative, none)
    )
    assert np.array_equal(
        weighted_sum(weights, key), shaw_outputs(weights, key, relative, none)
    )


@pytest.mark.parametrize("rows", [0, 2, 6])
def test_a_table_of_distances_has_a_middle(rows: int) -> None:
    words = f"table: expected an odd number of rows, got {rows}"
    with pytest.raises(InvalidArgument, match=words):
        clipped_vectors(np.zeros((1, 1), dtype=int), np.zeros((rows, 1)))


@given(generators(), sizes(), sizes(), st.integers(-999, 999))
def test_no_score_sees_a_common_shift_of_all_positions(
    rng: np.random.Generator, queries: int, keys: int, shift: int
) -> None:
    query, key, table = whole(rng, queries, 2), whole(rng, keys, 2), whole(rng, 5, 2)
    here, there = distances(queries, keys), distances(queries, keys, shift)

    assert np.array_equal(
        shaw_scores(query, key, here, table), shaw_scores(query, key, there, table)
    )
