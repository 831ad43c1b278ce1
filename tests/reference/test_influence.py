from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import attention, attention_jacobian, dependence, weighted_sum
from tests.reference._bounds import UNIT, gamma
from tests.reference._networks import own
from tests.reference._problems import Array, generators, sizes


@given(generators(), sizes(1, 7))
def test_attention_sees_everything(rng: np.random.Generator, length: int) -> None:
    x = rng.normal(size=(length, 2))
    _, _, by_value = attention_jacobian(x, x, x)

    assert dependence(own, x).all()
    assert by_value.all()


@given(generators(), sizes(1, 7))
def test_causal_attention_sees_what_a_recurrence_sees(
    rng: np.random.Generator, length: int
) -> None:
    x, past = rng.normal(size=(length, 2)), np.tri(length, dtype=bool)
    _, _, by_value = attention_jacobian(x, x, x, mask=past)
    actual = dependence(lambda z: attention(*[z[None, None]] * 3, causal=True)[0, 0], x)

    assert np.array_equal(past, actual)
    assert np.array_equal(past, by_value > 0)


@given(sizes(1, 40))
def test_the_influence_of_a_step_does_not_fall_with_distance_in_attention(
    length: int,
) -> None:
    x = np.zeros((length, 2))
    past = np.tri(length, dtype=bool)
    _, _, by_value = attention_jacobian(x, x, x, mask=past)
    expected = past / np.arange(1, length + 1)[:, None]

    assert np.array_equal(expected, by_value)


@given(generators(), sizes(1, 9))
def test_the_influence_of_a_step_in_attention_moves_with_the_step(
    rng: np.random.Generator, length: int
) -> None:
    query, key, value = rng.integers(-2, 3, (3, length, 2)).astype(np.float64)
    order = rng.permutation(length)
    _, _, expected = attention_jacobian(query, key, value)
    _, _, actual = attention_jacobian(query, key[order], value[order])

    # The exponentials are the same; their sums are taken in another order.
    bound = gamma(2 * length + 4) * expected[:, order]
    assert (np.abs(expected[:, order] - actual) <= bound).all()


@given(generators(), sizes(1, 6))
def test_the_jacobian_of_attention_is_that_of_its_complex_step(
    rng: np.random.Generator, length: int
) -> None:
    query, key, value, *moved = rng.normal(size=(6, length, 2))
    by_query, by_key, by_value = attention_jacobian(query, key, value)
    actual = np.einsum("ijve,je->iv", by_query, moved[0])
    actual += np.einsum("ijve,je->iv", by_key, moved[1]) + by_value @ moved[2]
    arrays = zip((query, key, value), moved, strict=True)
    q, k, v = (array + 1e-200j * change for array, change in arrays)
    scores = q @ k.T / np.sqrt(2.0)
    exponentials = np.exp(scores - scores.real.max(axis=1, keepdims=True))
    weights = exponentials / exponentials.sum(axis=1, keepdims=True)
    expected = (weights @ v).imag / 1e-200

    assert (np.abs(expected - actual) <= _derivative_bound(q, k, v, weights)).all()


def _derivative_bound(q: Array, k: Array, v: Array, weights: Array) -> Array:
    """Limit the distance of two ways to differentiate attention.

    Both sum the same products, of weights that are off by a factor `weight` and of
    differences of values that are taken as sums of two; every product has fewer than
    30 factors and roundings beside the sums over keys and widths.
    """
    x, y, z = (np.abs(a.real) for a in (q, k, v))
    moved = [np.abs(a.imag) / 1e-200 for a in (q, k, v)]
    scores = x @ y.T
    spread = np.ptp((q @ k.T).real, axis=1, keepdims=True)
    weight = 4.0 * UNIT * (scores.max(axis=1, keepdims=True) * 4.0 + spread + 8.0)
    slopes = moved[0] @ y.T + x @ moved[1].T
    w = np.abs(weights.real)
    size = (w * slopes) @ z + (w * slopes).sum(1, keepdims=True) * (w @ z)
    size += w @ moved[2]
    return 2.0 * (3.0 * weight + gamma(40 + 6 * len(q))) * size


def test_a_nan_without_our_doing_is_named() -> None:
    with pytest.raises(InvalidArgument, match="sequence: expected an output without"):
        dependence(lambda x: x * np.nan, np.zeros(1))


def test_what_is_hidden_has_no_influence() -> None:
    mask = np.array([[True, False], [True, True]])
    weights = np.full((2, 2), 0.5)
    actual = dependence(lambda x: weighted_sum(weights, x, mask), np.zeros((2, 1)))

    assert np.array_equal(mask, actual)


ORDERS = st.permutations(range(5))


@given(generators(), ORDERS)
def test_the_last_row_of_attention_does_not_know_the_order_before_it(
    rng: np.random.Generator, order: list[int]
) -> None:
    x = np.zeros((5, 1))
    value = rng.integers(-9, 10, (5, 1)).astype(np.float64)
    arrays = (x[None, None], x[None, None])
    expected = attention(*arrays, value[None, None], scale=0.0)
    actual = attention(*arrays, value[order][None, None], scale=0.0)

    assert (np.abs(expected - actual) <= gamma(12) * np.abs(value).sum()).all()
