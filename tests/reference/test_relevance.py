from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    additive,
    bilinear,
    concatenated,
    cosine,
    dot_product,
    scaled_dot_product,
    tempered,
)
from tests.reference._bounds import gamma
from tests.reference._problems import Array, generators, sizes


def whole(rng: np.random.Generator, *shape: int) -> Array:
    """Small integers, whose products and sums are exact."""
    return rng.integers(-4, 5, size=shape).astype(np.float64)


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


@given(generators(), sizes(1, 6), st.sampled_from([1e-300, 1.0, 1e300]))
def test_the_cosine_is_the_dot_product_over_both_lengths(
    rng: np.random.Generator, width: int, size: float
) -> None:
    """Each direction is off by gamma(E + 5), the sum by gamma(E), the rest by 6 u."""
    query, key = rng.normal(size=(2, width)), rng.normal(size=(3, width))
    actual = cosine(size * query, size * key)

    for (i, j), score in np.ndenumerate(actual):
        lengths = math.hypot(*query[i]) * math.hypot(*key[j])
        expected = math.fsum(query[i] * key[j]) / lengths
        # At 1e-300 and 1e300 each entry is rounded once more before.
        assert abs(expected - score) <= gamma(3 * width + 24)


@given(generators(), sizes(1, 6), st.integers(-40, 40))
def test_the_cosine_does_not_see_lengths(
    rng: np.random.Generator, width: int, power: int
) -> None:
    query, key = rng.normal(size=(2, width)), rng.normal(size=(3, width))

    assert np.array_equal(cosine(query, key), cosine(2.0**power * query, key))


def test_a_vector_without_direction_scores_zero() -> None:
    nothing, something = np.zeros((1, 3)), np.ones((2, 3))

    assert np.array_equal(np.zeros((1, 2)), cosine(nothing, something))
    assert np.array_equal(np.zeros((2, 1)), cosine(something, nothing))
    assert cosine(np.empty((1, 0)), np.empty((1, 0))).item() == 0.0


@given(generators(), st.integers(-9, 9))
def test_a_temperature_is_a_scale_turned_over(
    rng: np.random.Generator, power: int
) -> None:
    query, key = whole(rng, 2, 3), whole(rng, 4, 3)
    expected = scaled_dot_product(query, key, scale=2.0**-power)

    assert np.array_equal(expected, tempered(dot_product(query, key), 2.0**power))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_is_positive_and_finite(temperature: float) -> None:
    with pytest.raises(InvalidArgument, match="temperature: expected a positive"):
        inspect.unwrap(tempered)(np.zeros(1), temperature)
