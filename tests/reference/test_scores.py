from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    biased,
    default_scale,
    dot_product,
    scaled_dot_product,
    softcapped,
    tempered,
)
from tests.reference._bounds import UNIT
from tests.reference._problems import Array, generators, sizes, whole


@st.composite
def vectors(draw: st.DrawFn) -> tuple[Array, Array]:
    """Queries and keys of small integers, whose products and sums are exact."""
    rng, (length, keys, width) = draw(generators()), draw(st.tuples(*[sizes()] * 3))
    query = rng.integers(-8, 9, size=(length, width)).astype(np.float64)
    return query, rng.integers(-8, 9, size=(keys, width)).astype(np.float64)


@given(vectors())
def test_dot_products_are_taken_pair_by_pair(drawn: tuple[Array, Array]) -> None:
    query, key = drawn
    expected = [[math.fsum(q * k) for k in key] for q in query]

    assert np.array_equal(
        np.reshape(expected, (len(query), len(key))), dot_product(*drawn)
    )


@given(vectors())
def test_queries_and_keys_have_equal_rights(drawn: tuple[Array, Array]) -> None:
    query, key = drawn

    assert np.array_equal(dot_product(key, query).T, dot_product(query, key))


@given(vectors(), st.integers(-9, 9))
def test_scale_folds_into_the_query(drawn: tuple[Array, Array], power: int) -> None:
    query, key = drawn
    expected = dot_product(2.0**power * query, key)

    assert np.array_equal(expected, scaled_dot_product(query, key, scale=2.0**power))


@given(vectors())
def test_default_scale_is_one_over_root_of_the_width(
    drawn: tuple[Array, Array],
) -> None:
    query, key = drawn
    expected = scaled_dot_product(query, key, scale=default_scale(query.shape[1]))

    assert np.array_equal(expected, scaled_dot_product(query, key))
    assert [default_scale(n) for n in (0, 1, 4, 64)] == [1.0, 1.0, 0.5, 0.125]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ml_dtypes.bfloat16])
def test_scores_are_float64_for_every_format(dtype: str) -> None:
    one = np.ones((1, 3), dtype=dtype)

    assert np.float64 == scaled_dot_product(one, one).dtype
    assert dot_product(one, one).item() == 3.0


def test_dot_product_of_narrow_inputs_is_not_rounded_to_them() -> None:
    big = np.full((1, 2), 60_000.0, dtype=np.float16)
    expected = 2.0 * float(big[0, 0]) ** 2

    assert expected == dot_product(big, big).item()


@given(generators(), st.sampled_from([0.1, 1.0, 30.0]))
def test_softcapped_scores_are_odd_and_within_the_cap(
    rng: np.random.Generator, cap: float
) -> None:
    scores = 50.0 * rng.normal(size=9)
    actual = softcapped(scores, cap)

    assert np.array_equal(-actual, softcapped(-scores, cap))
    assert (np.abs(actual) <= cap).all()
    assert (np.abs(actual) <= np.abs(scores) * (1.0 + 8.0 * UNIT)).all()


@given(generators(), st.sampled_from([10.0, 100.0, 1e5]))
def test_softcap_takes_away_a_cube_at_most(
    rng: np.random.Generator, cap: float
) -> None:
    """|cap tanh(s / cap) - s| <= |s|^3 / (3 cap^2), by the series of tanh."""
    scores = rng.normal(size=9)
    bound = np.abs(scores) ** 3 / (3.0 * cap**2) + 8.0 * UNIT * np.abs(scores)

    assert (np.abs(softcapped(scores, cap) - scores) <= bound).all()


@given(generators())
def test_softcap_keeps_the_order_of_scores(rng: np.random.Generator) -> None:
    scores = np.sort(rng.normal(size=20))

    assert (np.diff(softcapped(scores, 2.0)) >= 0.0).all()


def test_a_score_beyond_all_range_is_capped_in_silence() -> None:
    assert softcapped(np.array([1.7e308]), 0.5).item() == 0.5


@pytest.mark.parametrize("cap", [0.0, -1.0, math.inf, math.nan])
def test_softcap_must_be_positive_and_finite(cap: float) -> None:
    with pytest.raises(InvalidArgument, match="cap: expected a positive finite"):
        softcapped(np.zeros(1), cap)


@given(vectors())
def test_a_bias_of_zero_changes_nothing(drawn: tuple[Array, Array]) -> None:
    scores = dot_product(*drawn)

    assert np.array_equal(scores, biased(scores, np.zeros(scores.shape[1])))


@pytest.mark.parametrize("score", [0.0, math.inf, -math.inf, math.nan])
def test_a_bias_of_minus_infinity_overrides_any_score(score: float) -> None:
    actual = biased(np.array([[score]]), np.array(-np.inf))

    assert actual.item() == -math.inf


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
        tempered(np.zeros(1), temperature)
