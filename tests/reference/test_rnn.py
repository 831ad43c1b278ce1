from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    Recurrence,
    dependence,
    influence_norms,
    linear_attention,
    rnn_jacobian,
    tanh_rnn,
)
from tests.reference._bounds import UNIT, gamma
from tests.reference._networks import network
from tests.reference._problems import Array, generators, sizes


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


def test_widths_that_do_not_fit_the_weights_are_named() -> None:
    weights = network(np.random.default_rng(0))

    with pytest.raises(InvalidArgument, match=r"by_input: expected shape \(3, H\)"):
        tanh_rnn(np.zeros((1, 3)), weights)
    with pytest.raises(InvalidArgument, match=r"state: expected shape \(3,\)"):
        tanh_rnn(np.zeros((1, 2)), weights, state=np.zeros(4))
