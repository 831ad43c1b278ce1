from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attention,
    attention_weights,
    band,
    banded_attention,
    dependence,
    reach,
    visible_keys,
    zeroed_after,
)
from tests.reference._bounds import bounds, gamma
from tests.reference._problems import Array, Problem, generators, problems, sizes


def given_window(problem: Problem, left: int, right: int) -> Problem:
    options = problem.options | {"window": (left, right)}
    return Problem(*problem.arrays, options)


@given(problems("scale", "alignment"), sizes(0, 12), sizes(0, 12))
def test_attention_in_the_band_is_attention_with_the_window(
    problem: Problem, left: int, right: int
) -> None:
    problem = given_window(problem, left, right)
    expected = attention(*problem.arrays, **problem.options)
    actual = banded_attention(*problem.arrays, **problem.options)

    assert (np.abs(expected - actual) <= 2.0 * bounds(problem).output).all()


@given(problems("scale", "causal", "alignment", low=1), sizes(0, 12), sizes(0, 12))
def test_weights_outside_the_band_are_zero_and_rows_sum_to_one(
    problem: Problem, left: int, right: int
) -> None:
    problem = given_window(problem, left, right)
    weights = attention_weights(problem.query, problem.key, **problem.options)
    flags = {n: v for n, v in problem.options.items() if n != "scale"}
    seen = visible_keys(*problem.grid[2:], **flags)
    sums, count = weights.sum(axis=-1), problem.grid[3]

    assert not weights[..., ~seen].any()
    expected = np.broadcast_to(seen.any(axis=-1).astype(float), sums.shape)
    assert (np.abs(expected - sums) <= gamma(2 * count)).all()


@given(generators(), sizes(1), sizes(0, 4), sizes(0, 4))
def test_filling_with_zero_after_the_normalizer_loses_what_the_hidden_keys_took(
    rng: np.random.Generator, length: int, left: int, right: int
) -> None:
    query, key = rng.normal(size=(2, 1, 1, length, 2))
    seen = visible_keys(length, length, window=(left, right))
    everything = attention_weights(query, key)
    after = zeroed_after(everything, seen)
    lost = np.where(seen, 0.0, everything).sum(axis=-1)

    assert not after[..., ~seen].any()
    total = after.sum(axis=-1) + lost
    assert (np.abs(total - 1.0) <= gamma(3 * length)).all()
    assert ((after.sum(axis=-1) < 1.0 - gamma(3 * length)) >= (~seen).any(-1)).all()


@given(generators(), sizes(1), sizes(0, 4), sizes(0, 4))
def test_filled_rows_divided_by_their_sum_are_masked_attention(
    rng: np.random.Generator, length: int, left: int, right: int
) -> None:
    query, key = rng.normal(size=(2, 1, 1, length, 2))
    seen = visible_keys(length, length, window=(left, right))
    after = zeroed_after(attention_weights(query, key), seen)
    expected = attention_weights(query, key, window=(left, right))
    actual = after / after.sum(axis=-1, keepdims=True)
    # As an attention with values of one, whose output is the sum of the weights.
    problem = Problem(query, key, np.ones_like(key), {})
    relative = 4.0 * bounds(problem).output[..., :1] + gamma(4 * length)

    assert (np.abs(expected - actual) <= relative * expected).all()


@given(generators(), sizes(1, 7), sizes(0, 4), sizes(0, 4))
def test_nothing_outside_the_band_has_influence(
    rng: np.random.Generator, length: int, left: int, right: int
) -> None:
    def layer(x: Array) -> Array:
        one = x[None, None]
        return attention(one, one, one, window=(left, right))[0, 0]

    expected = visible_keys(length, length, window=(left, right))

    assert np.array_equal(expected, dependence(layer, rng.normal(size=(length, 2))))


@given(generators(), sizes(1, 7), sizes(0, 2), sizes(0, 2), sizes(0, 3))
def test_layers_of_attention_see_as_far_as_their_windows_together(
    rng: np.random.Generator, length: int, left: int, right: int, layers: int
) -> None:
    def stack(x: Array) -> Array:
        for _ in range(layers):
            x = attention(*[x[None, None]] * 3, window=(left, right))[0, 0]
        return x

    expected = visible_keys(length, length, window=(layers * left, layers * right))
    one = visible_keys(length, length, window=(left, right))

    assert np.array_equal(expected, dependence(stack, rng.normal(size=(length, 2))))
    assert np.array_equal(expected, reach(one, layers))


@given(generators(), sizes(1, 5), sizes(1, 4), sizes(0, 3), sizes(0, 3))
def test_banded_attention_moves_with_its_input_away_from_the_borders(
    rng: np.random.Generator, inner: int, shift: int, left: int, right: int
) -> None:
    length = left + inner + right
    query, key, value = rng.normal(size=(3, 1, 1, length + shift, 2))
    options = {"window": (left, right)}
    late = query[:, :, shift:], key[:, :, shift:], value[:, :, shift:]
    moved = Problem(*late, options)
    rows = slice(left, left + inner)
    expected = attention(query, key, value, window=(left, right))[:, :, shift:]
    actual = attention(*moved.arrays, window=(left, right))
    bound = 2.0 * bounds(moved).output

    assert (np.abs(expected - actual) <= bound)[:, :, rows].all()


@given(problems(low=1), sizes(0, 3), sizes(0, 3))
def test_attention_in_the_band_touches_no_key_outside(
    problem: Problem, left: int, right: int
) -> None:
    seen = visible_keys(*problem.grid[2:], window=(left, right)).any(axis=0)
    key, value = problem.key.copy(), problem.value.copy()
    key[:, :, ~seen], value[:, :, ~seen] = np.nan, np.nan
    expected = banded_attention(*problem.arrays, window=(left, right))

    actual = banded_attention(problem.query, key, value, window=(left, right))

    assert np.array_equal(expected, actual)


@given(problems("alignment"))
def test_a_band_is_no_wider_than_its_sequences(problem: Problem) -> None:
    problem = given_window(problem, 10**9, 2**31 - 1)
    expected = attention(*problem.arrays, **problem.options)
    actual = banded_attention(*problem.arrays, **problem.options)

    assert (np.abs(expected - actual) <= 2.0 * bounds(problem).output).all()


def test_distances_and_layers_are_not_negative() -> None:
    with pytest.raises(InvalidArgument, match=r"window\[0\]: expected 0 or more"):
        band(2, 2, (-1, 0))
    with pytest.raises(InvalidArgument, match="layers: expected 0 or more, got -1"):
        reach(np.eye(2, dtype=bool), -1)
