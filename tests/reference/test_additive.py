from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import additive, concatenated
from tests.reference._bounds import gamma
from tests.reference._problems import Array, generators, sizes, whole


@st.composite
def layers(draw: st.DrawFn) -> tuple[Array, Array, Array, Array, Array]:
    """Queries, keys, both projections and the vector of an additive score."""
    rng = draw(generators())
    length, keys, width, key_width, hidden = draw(st.tuples(*[sizes(0, 5)] * 5))
    return (
        whole(rng, length, width),
        whole(rng, keys, key_width),
        whole(rng, width, hidden) / 8.0,
        whole(rng, key_width, hidden) / 8.0,
        rng.normal(size=hidden),
    )


@given(layers())
def test_the_additive_score_is_taken_pair_by_pair(
    layer: tuple[Array, Array, Array, Array, Array],
) -> None:
    """The sums in tanh are exact; tanh, product and sum are off by gamma(A + 12)."""
    query, key, query_weight, key_weight, vector = layer
    bound = gamma(len(vector) + 12) * np.abs(vector).sum()
    actual = additive(*layer)

    for place, score in np.ndenumerate(actual):
        inside = query[place[0]] @ query_weight + key[place[1]] @ key_weight
        terms = [v * math.tanh(a) for v, a in zip(vector, inside, strict=True)]
        assert abs(math.fsum(terms) - score) <= bound


@given(layers())
def test_the_additive_score_stays_within_the_sum_of_its_vector(
    layer: tuple[Array, Array, Array, Array, Array],
) -> None:
    limit = np.abs(layer[-1]).sum() * (1.0 + gamma(2 * layer[-1].size + 4))

    assert (np.abs(additive(*layer)) <= limit).all()


@given(layers())
def test_queries_and_keys_may_change_sides_in_an_additive_score(
    layer: tuple[Array, Array, Array, Array, Array],
) -> None:
    query, key, query_weight, key_weight, vector = layer
    expected = additive(*layer).T

    assert np.array_equal(
        expected, additive(key, query, key_weight, query_weight, vector)
    )


@given(layers())
def test_a_layer_over_a_concatenation_is_the_additive_score(
    layer: tuple[Array, Array, Array, Array, Array],
) -> None:
    """In the place of one product with [q, k], there are two that are added."""
    query, key, query_weight, key_weight, vector = layer
    weight = np.concatenate([query_weight, key_weight])
    bound = gamma(len(vector) + 12) * np.abs(vector).sum()
    actual = concatenated(query, key, weight, vector)

    assert np.array_equal(additive(*layer), actual)
    for (i, j), score in np.ndenumerate(actual):
        inside = np.concatenate([query[i], key[j]]) @ weight
        terms = [v * math.tanh(a) for v, a in zip(vector, inside, strict=True)]
        assert abs(math.fsum(terms) - score) <= bound


def test_an_additive_score_is_no_bilinear_form() -> None:
    """Twice the query is not twice the score."""
    one = np.eye(1)
    once, twice = (additive(n * one, one, one, one, np.ones(1)) for n in (1.0, 2.0))

    assert twice.item() < 1.0 < 2.0 * once.item()
