from __future__ import annotations

import inspect
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    Recurrence,
    attention,
    attention_jacobian,
    chain_length,
    dependence,
    influence_norms,
    linear_attention,
    rnn_jacobian,
    tanh_rnn,
    weighted_sum,
)
from tests.reference._bounds import UNIT, gamma
from tests.reference._problems import Array, generators, sizes


def network(rng: np.random.Generator, width: int = 3) -> Recurrence:
    shapes = (2, width), (width, width), (width,)
    return Recurrence(*(rng.normal(size=shape) for shape in shapes))


def own(x: Array) -> Array:
    """Self-attention without projections."""
    return attention(*[x[None, None]] * 3)[0, 0]


@given(generators(), sizes(), sizes(0, 9))
def test_a_recurrence_goes_on_from_its_last_state(
    rng: np.random.Generator, length: int, cut: int
) -> None:
    x, weights, state = rng.normal(size=(length, 2)), network(rng), rng.normal(size=3)
    expected = tanh_rnn(x, weights, state=state)
    first = tanh_rnn(x[:cut], weights, state=state)
    last = first[-1] if len(first) else state

    actual = [first, tanh_rnn(x[cut:], weights, state=last)]

    assert np.array_equal(expected, np.concatenate(actual))


@given(generators(), sizes(1, 7))
def test_a_recurrence_sees_the_past_alone(
    rng: np.random.Generator, length: int
) -> None:
    weights = network(rng)
    expected = np.tri(length, dtype=bool)
    actual = dependence(lambda x: tanh_rnn(x, weights), rng.normal(size=(length, 2)))
    jacobian = rnn_jacobian(rng.normal(size=(length, 2)), weights)

    assert np.array_equal(expected, actual)
    assert np.array_equal(expected, jacobian.any(axis=(-2, -1)))


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


@given(generators(), sizes(1, 7))
def test_the_jacobian_is_the_product_of_the_steps_in_between(
    rng: np.random.Generator, length: int
) -> None:
    x, weights = rng.normal(size=(length, 2)), network(rng)
    slopes = [np.diag(slope) for slope in 1.0 - tanh_rnn(x, weights) ** 2]
    actual = rnn_jacobian(x, weights)
    for i, j in np.ndindex(length, length):
        factors = [slopes[j] @ weights.by_input.T]
        factors += [slopes[m] @ weights.by_state.T for m in range(j + 1, i + 1)]
        expected, size = np.eye(2), np.eye(2)
        for factor in factors:
            expected, size = factor @ expected, np.abs(factor) @ size
        kept = float(i >= j)
        bound = 2.0 * gamma(7 * len(factors)) * size

        assert (np.abs(kept * expected - actual[i, j]) <= bound).all()


@given(generators(), sizes(1, 5))
def test_the_jacobian_of_a_recurrence_is_its_derivative(
    rng: np.random.Generator, length: int
) -> None:
    x, change = rng.normal(size=(2, length, 2))
    weights = network(rng)
    step = 2.0**-17
    there, here = (tanh_rnn(x + s * step * change, weights) for s in (1.0, -1.0))
    expected = (there - here) / (2.0 * step)
    actual = np.einsum("ijhd,jd->ih", rnn_jacobian(x, weights), change)

    assert (np.abs(expected - actual) <= _slack(weights, change, step)).all()


def _slack(weights: Recurrence, change: Array, step: float) -> Array:
    """Limit the error of a central difference, step by step of the recurrence.

    Along a line the state is h(t), and d1, d2, d3 limit its derivatives: with a the
    argument of tanh, |tanh'| <= 1, |tanh''| <= 1 and |tanh'''| <= 2, they are at most
    a1, a2 + a1^2 and a3 + 3 a1 a2 + 2 a1^3. The difference is off by step^2 d3 / 6 and
    by the rounding of both states, which each step adds to and hands on.
    """
    u, w = (np.abs(matrix) for matrix in weights[:2])
    limits, derivatives = [], np.zeros((3, w.shape[0]))
    rounding, worst = np.zeros(w.shape[0]), 0.0
    reach = float(np.abs(weights.bias).max() + 6.0 * u.sum() + w.sum())
    for moved in np.abs(change):
        a1, a2, a3 = derivatives @ w
        a1 = a1 + moved @ u
        derivatives = np.array([a1, a2 + a1**2, a3 + 3 * a1 * a2 + 2 * a1**3])
        rounding = rounding @ w + gamma(12) * reach + 4.0 * UNIT
        worst = max(worst, float(rounding.max()))
        jacobian = (2.0 * worst + gamma(40)) * derivatives[0] * len(change)
        limits.append(step**2 * derivatives[2] / 6.0 + rounding / step + jacobian)
    return np.array(limits)


def test_the_influence_of_a_step_falls_geometrically_in_a_recurrence() -> None:
    turn = np.roll(np.eye(3), 1, axis=1)
    for factor in (0.5, 2.0):
        weights = Recurrence(np.eye(3), factor * turn, np.zeros(3))
        norms = influence_norms(rnn_jacobian(np.zeros((40, 3)), weights))
        distance = np.arange(40)[:, None] - np.arange(40)
        expected = np.where(distance >= 0, factor ** distance.clip(0), 0.0)

        assert np.array_equal(expected, norms)


@given(generators(), sizes(1, 9))
def test_the_influence_of_a_step_is_at_most_a_power_of_the_recurrent_matrix(
    rng: np.random.Generator, length: int
) -> None:
    x, weights = rng.normal(size=(length, 2)), network(rng)
    norms = influence_norms(rnn_jacobian(x, weights))
    by_input, by_state = (np.linalg.norm(matrix, 2) for matrix in weights[:2])
    distance = np.arange(length)[:, None] - np.arange(length)
    powers = by_input * by_state ** distance.clip(0)
    # Norms are not larger than Frobenius norms, of matrices off by gamma.
    bound = powers * (1.0 + 16.0 * gamma(16 * (length + 3)))

    assert (norms <= np.where(distance >= 0, bound, 0.0)).all()


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


def test_a_recurrence_is_one_chain_and_attention_is_none() -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(6, 2)), network(rng)
    states = tanh_rnn(x, weights)

    def chained(before: Array) -> Array:
        """Each state from the one before it, which comes from outside here."""
        steps = [tanh_rnn(x[i : i + 1], weights, state=before[i]) for i in range(6)]
        return np.concatenate(steps)

    before = np.concatenate([np.zeros((1, 3)), states[:-1]])
    reads = np.roll(dependence(chained, before), -1, axis=1)
    reads[:, -1] = False

    assert np.array_equal(states, chained(before))
    assert chain_length(reads) == 6
    assert chain_length(np.zeros((6, 6), dtype=bool)) == 1


@given(sizes(1), sizes(1, 9))
def test_chunks_shorten_the_chain(length: int, chunk: int) -> None:
    chunks = np.arange(length) // chunk
    # A chunk reads the state behind the last step of the one before it.
    last = np.append(chunks[1:] != chunks[:-1], [False])
    reads = last & (chunks[:, None] == chunks + 1)

    assert -(-length // chunk) == chain_length(reads)


@given(generators(), sizes(0, 9))
def test_the_chain_is_the_longest_way_through_what_is_read(
    rng: np.random.Generator, length: int
) -> None:
    reads = np.tril(rng.random((length, length)) < 0.4, k=-1)
    power, steps = np.eye(length, dtype=bool), 0
    while power.any():
        power, steps = power @ reads, steps + 1

    assert steps == chain_length(reads)


@given(generators(), sizes(2, 9))
def test_a_recurrence_is_sensitive_to_order_and_attention_is_not(
    rng: np.random.Generator, length: int
) -> None:
    x, weights = rng.integers(-2, 3, (length, 2)).astype(float), network(rng)
    order = rng.permutation(length)
    changed = [i for i, j in pairwise(range(length)) if not (x[i] == x[j]).all()]
    if changed:
        i = changed[0]
        swapped = x.copy()
        swapped[[i, i + 1]] = swapped[[i + 1, i]]

        assert not np.array_equal(tanh_rnn(x, weights), tanh_rnn(swapped, weights))
    state = linear_attention(x, x, x)[1]

    assert np.array_equal(state, linear_attention(x[order], x[order], x[order])[1])


def test_a_nan_without_our_doing_is_named() -> None:
    with pytest.raises(InvalidArgument, match="sequence: expected an output without"):
        inspect.unwrap(dependence)(lambda x: x * np.nan, np.zeros(1))


def test_widths_that_do_not_fit_the_weights_are_named() -> None:
    weights, run = network(np.random.default_rng(0)), inspect.unwrap(tanh_rnn)

    with pytest.raises(InvalidArgument, match="x: expected width 2, got 3"):
        run(np.zeros((1, 3)), weights)
    with pytest.raises(InvalidArgument, match="state: expected width 3, got 4"):
        run(np.zeros((1, 2)), weights, state=np.zeros(4))


def test_what_is_hidden_has_no_influence() -> None:
    mask = np.array([[True, False], [True, True]])
    weights = np.full((2, 2), 0.5)
    actual = dependence(lambda x: weighted_sum(weights, x, mask), np.zeros((2, 1)))

    assert np.array_equal(mask, actual)


@pytest.mark.parametrize("reads", [np.eye(2), np.triu(np.ones((3, 3)))])
def test_no_output_is_computed_from_itself(reads: Array) -> None:
    with pytest.raises(InvalidArgument, match="reads: expected earlier outputs alone"):
        inspect.unwrap(chain_length)(reads.astype(bool))


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
