"""Three forms of linear attention, on exact arithmetic.

Vectors hold small whole numbers and decays are 0, 1/2, 1 or 2, so that nothing is
rounded: the forms are equal bit by bit, in any chunks and over any calls.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    chain_length,
    dependence,
    linear_attention,
    linear_attention_chunked,
    linear_attention_recurrent,
    survivals,
    weighted_sum,
)
from tests.reference._bounds import gamma
from tests.reference._forms import (
    Form,
    check_calls,
    check_forms,
    check_shapes,
    same,
    sequences,
)
from tests.reference._problems import Array, generators, sizes

LINEAR: tuple[Form, Form, Form] = (
    linear_attention_recurrent,
    linear_attention,
    linear_attention_chunked,
)


@given(sequences(), sizes(1, 8))
def test_linear_attention_is_one_function_in_three_forms(
    task: tuple[list[Array], dict[str, Array]], chunk: int
) -> None:
    check_forms(LINEAR, task, chunk)


@pytest.mark.parametrize("form", LINEAR[:2])
@given(sequences(), sizes(0, 8))
def test_the_state_of_linear_attention_is_carried_over_calls(
    form: Form, task: tuple[list[Array], dict[str, Array]], cut: int
) -> None:
    check_calls(form, task, cut)


@given(generators(), sizes(), sizes(1, 9))
def test_forms_on_any_numbers_differ_by_their_rounding_alone(
    rng: np.random.Generator, length: int, chunk: int
) -> None:
    query, key, value = rng.normal(size=(3, length, 3))
    decay = rng.random((length, 3))
    expected, _ = linear_attention_recurrent(query, key, value, decay=decay)
    size, _ = linear_attention(*np.abs([query, key, value]), decay=decay)
    parallel, _ = linear_attention(query, key, value, decay=decay)
    chunked, _ = linear_attention_chunked(query, key, value, decay=decay, chunk=chunk)
    # No product has more than L + 4 factors, no sum more than 3 L + 3 terms.
    bound = 2.0 * gamma(5 * length + 12) * size

    assert (np.abs(expected - parallel) <= bound).all()
    assert (np.abs(expected - chunked) <= bound).all()


@given(sequences())
def test_without_decay_the_weights_are_the_dot_products_of_the_past(
    task: tuple[list[Array], dict[str, Array]],
) -> None:
    (query, key, value), _ = task
    weights = query @ key.swapaxes(-1, -2)
    past = np.tri(query.shape[1], dtype=bool)
    expected = weighted_sum(np.where(past, weights, 0.0), value)

    assert np.array_equal(expected, linear_attention(query, key, value)[0])


@given(sequences())
def test_one_decay_a_step_is_the_same_gate_for_every_component(
    task: tuple[list[Array], dict[str, Array]],
) -> None:
    arrays, options = task
    decay = np.full((*arrays[1].shape[:2], 1), 0.5)
    gates = np.full(arrays[1].shape, 0.5)
    state = options.get("state")
    expected = linear_attention(*arrays, decay=decay, state=state)

    assert same(expected, linear_attention(*arrays, decay=gates, state=state))


@given(generators(), sizes(1, 6))
def test_linear_attention_sees_the_past_alone(
    rng: np.random.Generator, length: int
) -> None:
    query, key = rng.normal(size=(2, length, 2))
    expected = np.tri(length, dtype=bool)
    actual = dependence(
        lambda x: linear_attention_recurrent(query, key, x)[0], np.zeros((length, 1))
    )

    assert np.array_equal(expected, actual)
    assert chain_length(np.eye(length, k=-1, dtype=bool)) == length


@given(generators(), sizes(0, 6))
def test_what_survives_is_the_product_of_the_decays_since(
    rng: np.random.Generator, length: int
) -> None:
    decay = rng.choice([0.0, 0.5, 1.0, 2.0], size=(length, 2))
    actual = survivals(decay)
    for r, p in np.ndindex(length + 1, length + 1):
        expected = np.prod(decay[p:r], axis=0) if p <= r else np.zeros(2)

        assert np.array_equal(expected, actual[r, p])


def test_a_chunk_has_a_step() -> None:
    x = np.zeros((2, 1))

    with pytest.raises(InvalidArgument, match="chunk: expected 1 or more, got 0"):
        linear_attention_chunked(x, x, x, chunk=0)


@pytest.mark.parametrize("form", LINEAR[:2])
def test_decay_and_state_have_the_shapes_of_the_keys(form: Form) -> None:
    check_shapes(form, [np.zeros((2, 3))] * 3)
