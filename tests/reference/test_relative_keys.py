"""Shaw's and Transformer-XL's scores, on small integers where sums are exact."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    clipped_vectors,
    dot_product,
    relative_shift,
    shaw_outputs,
    shaw_scores,
    sinusoidal,
    transformer_xl_scores,
    weighted_sum,
)
from attnspec.reference.masks import relative_positions
from tests.reference._bounds import gamma
from tests.reference._problems import Array, generators, sizes


def whole(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-4, 5, size=shape).astype(np.float64)


def distances(queries: int, keys: int, start: int = 0) -> Array:
    places = np.arange(queries) + keys - queries + start
    return relative_positions(places, np.arange(keys) + start)


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


@st.composite
def recurrences(draw: st.DrawFn) -> tuple[Array, ...]:
    """Queries, keys, the weight of the distances, and u and v, for two heads."""
    rng, queries, keys = draw(generators()), draw(sizes()), draw(sizes())
    width, distance_width = draw(sizes(0, 4)), draw(st.sampled_from([0, 2, 6]))
    return (
        whole(rng, 2, queries, width),
        whole(rng, 2, keys, width),
        whole(rng, distance_width, width),
        whole(rng, 2, width),
        whole(rng, 2, width),
    )


@given(recurrences())
def test_a_score_of_transformer_xl_has_four_terms(drawn: tuple[Array, ...]) -> None:
    """Content, place for this content, content at large, place at large."""
    query, key, weight, content, place = drawn
    relative = distances(query.shape[1], key.shape[1])
    actual = transformer_xl_scores(query, key, relative, weight, content, place)
    size = np.abs(weight).sum(axis=0)

    for (h, i, j), score in np.ndenumerate(actual):
        encoding = sinusoidal(np.array([-relative[i, j]]), len(weight))[0]
        distance_key = encoding @ weight
        exact = query[h, i] @ key[h, j] + content[h] @ key[h, j]
        moved = query[h, i] @ distance_key + place[h] @ distance_key
        terms = (np.abs(query[h, i]) + np.abs(place[h])) @ size
        limit = 2.0 * gamma(sum(weight.shape) + 6) * (terms + abs(exact))
        assert abs(exact + moved - score) <= limit


@given(recurrences())
def test_the_relative_shift_turns_distances_into_keys(
    drawn: tuple[Array, ...],
) -> None:
    """One product with the S distances does for all pairs up to the query."""
    query, key, weight, _, place = drawn
    queries, keys = query.shape[1], key.shape[1]
    relative = distances(queries, keys)
    encoding = sinusoidal(np.arange(keys)[::-1], len(weight)) @ weight
    moved = query + place[:, None]
    shifted = relative_shift(moved @ encoding.T)
    none = np.zeros_like(key), np.zeros_like(place)
    expected = transformer_xl_scores(query, none[0], relative, weight, none[1], place)
    limit = 2.0 * gamma(sum(weight.shape) + 4) * np.abs(moved) @ np.abs(weight).sum(0)
    error = np.where(relative <= 0, np.abs(expected - shifted), 0.0)

    assert (error <= limit[..., None]).all()
    assert not shifted[:, relative > 0].any()


def published_shift(x: Array) -> Array:
    """Pad, reshape and slice, as the authors do; rows run on into each other."""
    queries, keys = x.shape
    padded = np.concatenate([np.zeros((queries, 1)), x], axis=1)
    return padded.reshape(keys + 1, queries)[1:].reshape(queries, keys)


@given(generators(), sizes(1), sizes(0, 9))
def test_the_shift_of_the_authors_is_ours_wherever_a_causal_mask_looks(
    rng: np.random.Generator, queries: int, memory: int
) -> None:
    x = rng.normal(size=(queries, queries + memory))
    seen = distances(*x.shape) <= 0

    assert np.array_equal(relative_shift(x)[seen], published_shift(x)[seen])


@given(generators(), sizes(), sizes(), st.integers(-999, 999))
def test_no_score_sees_a_common_shift_of_all_positions(
    rng: np.random.Generator, queries: int, keys: int, shift: int
) -> None:
    query, key = whole(rng, queries, 2), whole(rng, keys, 2)
    table, weight, biases = whole(rng, 5, 2), whole(rng, 4, 2), whole(rng, 2, 2)
    here, there = distances(queries, keys), distances(queries, keys, shift)

    assert np.array_equal(
        shaw_scores(query, key, here, table), shaw_scores(query, key, there, table)
    )
    assert np.array_equal(
        transformer_xl_scores(query, key, here, weight, *biases),
        transformer_xl_scores(query, key, there, weight, *biases),
    )


@pytest.mark.parametrize("rows", [0, 2, 6])
def test_a_table_of_distances_has_a_middle(rows: int) -> None:
    words = f"table: expected an odd number of rows, got {rows}"
    with pytest.raises(InvalidArgument, match=words):
        inspect.unwrap(clipped_vectors)(
            np.zeros((1, 1), dtype=int), np.zeros((rows, 1))
        )
