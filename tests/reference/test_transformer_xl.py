"""Scores of Transformer-XL, on small integers where sums of contents are exact."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import relative_shift, sinusoidal, transformer_xl_scores
from tests.reference._bounds import gamma
from tests.reference._problems import Array, distances, generators, sizes, whole


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


@given(generators(), sizes(), sizes(), st.integers(-999, 999))
def test_no_score_sees_a_common_shift_of_all_positions(
    rng: np.random.Generator, queries: int, keys: int, shift: int
) -> None:
    query, key = whole(rng, queries, 2), whole(rng, keys, 2)
    weight, biases = whole(rng, 4, 2), whole(rng, 2, 2)
    here, there = distances(queries, keys), distances(queries, keys, shift)

    assert np.array_equal(
        transformer_xl_scores(query, key, here, weight, *biases),
        transformer_xl_scores(query, key, there, weight, *biases),
    )
