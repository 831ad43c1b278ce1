"""Three forms of linear attention and of the delta rule, on exact arithmetic.

Vectors hold small whole numbers and decays are 0, 1/2, 1 or 2, so that nothing is
rounded: the forms are equal bit by bit, in any chunks and over any calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    chain_length,
    corrections,
    delta_rule,
    delta_rule_chunked,
    delta_rule_recurrent,
    dependence,
    elu_plus_one,
    linear_attention,
    linear_attention_chunked,
    linear_attention_recurrent,
    normalized_linear_attention,
    survivals,
    weighted_sum,
)
from tests.reference._bounds import gamma
from tests.reference._problems import Array, generators, sizes

Form = Callable[..., tuple[Array, Array]]

LINEAR: tuple[Form, Form, Form] = (
    linear_attention_recurrent,
    linear_attention,
    linear_attention_chunked,
)
DELTA: tuple[Form, Form, Form] = (delta_rule_recurrent, delta_rule, delta_rule_chunked)


@st.composite
def sequences(
    draw: st.DrawFn, *, rates: bool = False
) -> tuple[list[Array], dict[str, Array]]:
    """Exact inputs of a form, for a batch of two, and its options."""
    length, width, value_width = draw(sizes(0, 7)), draw(sizes(1, 3)), draw(sizes(1, 3))
    rng = draw(generators())
    shapes = [(2, length, width)] * 2 + [(2, length, value_width)]
    arrays = [rng.integers(-2, 3, shape).astype(np.float64) for shape in shapes]
    if rates:
        arrays[1] = np.sign(arrays[1])
        arrays.append(rng.choice([0.0, 0.5, 1.0, 2.0], size=(2, length)))
    options: dict[str, Array] = {}
    if draw(st.booleans()):
        gates = draw(st.sampled_from([1, width]))
        options["decay"] = rng.choice([0.0, 0.5, 1.0, 1.0], size=(2, length, gates))
    if draw(st.booleans()):
        state = rng.integers(-3, 4, (2, width, value_width))
        options["state"] = state.astype(np.float64)
    return arrays, options


def same(expected: tuple[Array, Array], actual: tuple[Array, Array]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(expected, actual, strict=True))


def check_forms(
    forms: tuple[Form, Form, Form], task: tuple[list[Array], Any], chunk: int
) -> None:
    (recurrent, parallel, chunked), (arrays, options) = forms, task
    expected = recurrent(*arrays, **options)

    assert same(expected, parallel(*arrays, **options))
    assert same(expected, chunked(*arrays, chunk=chunk, **options))


@given(sequences(), sizes(1, 8))
def test_linear_attention_is_one_function_in_three_forms(
    task: tuple[list[Array], dict[str, Array]], chunk: int
) -> None:
    check_forms(LINEAR, task, chunk)


@given(sequences(rates=True), sizes(1, 8))
def test_the_delta_rule_is_one_function_in_three_forms(
    task: tuple[list[Array], dict[str, Array]], chunk: int
) -> None:
    check_forms(DELTA, task, chunk)


def check_calls(form: Form, task: tuple[list[Array], Any], cut: int) -> None:
    arrays, options = task
    expected = form(*arrays, **options)
    first, second = dict(options), dict(options)
    if "decay" in options:
        first["decay"] = options["decay"][:, :cut]
        second["decay"] = options["decay"][:, cut:]
    output, second["state"] = form(*(array[:, :cut] for array in arrays), **first)
    rest, state = form(*(array[:, cut:] for array in arrays), **second)

    assert same(expected, (np.concatenate([output, rest], axis=1), state))


@pytest.mark.parametrize("form", LINEAR[:2])
@given(sequences(), sizes(0, 8))
def test_the_state_of_linear_attention_is_carried_over_calls(
    form: Form, task: tuple[list[Array], dict[str, Array]], cut: int
) -> None:
    check_calls(form, task, cut)


@pytest.mark.parametrize("form", DELTA[:2])
@given(sequences(rates=True), sizes(0, 8))
def test_the_state_of_the_delta_rule_is_carried_over_calls(
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


@given(sequences(rates=True))
def test_the_delta_rule_is_linear_attention_to_the_corrections(
    task: tuple[list[Array], dict[str, Array]],
) -> None:
    (query, key, value, rate), options = task
    added = corrections(key, value, rate, **options)
    expected = linear_attention_recurrent(query, key, added, **options)

    assert same(expected, delta_rule_recurrent(query, key, value, rate, **options))


@given(generators(), sizes(1, 7))
def test_keys_at_right_angles_are_not_corrected(
    rng: np.random.Generator, length: int
) -> None:
    query, value = rng.integers(-3, 4, (2, length, 7)).astype(np.float64)
    key = np.eye(7)[rng.permutation(7)[:length]]
    expected = linear_attention(query, key, value)

    assert same(expected, delta_rule(query, key, value, np.ones(length)))


@given(generators(), sizes(1, 9))
def test_at_rate_one_the_state_answers_each_key_with_its_newest_value(
    rng: np.random.Generator, length: int
) -> None:
    names = rng.integers(0, 3, length)
    value = rng.integers(-9, 10, (length, 2)).astype(np.float64)
    key = np.eye(3)[names]
    _, state = delta_rule_recurrent(key, key, value, np.ones(length))
    newest = {int(name): row for name, row in zip(names, value, strict=True)}

    for name, row in newest.items():
        assert np.array_equal(row, state[name])


@given(sequences(rates=True))
def test_at_rate_zero_nothing_is_read(
    task: tuple[list[Array], dict[str, Array]],
) -> None:
    (query, key, value, rate), options = task
    expected = linear_attention(query, key, 0.0 * value, **options)

    assert same(expected, delta_rule(query, key, value, 0.0 * rate, **options))


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


@given(generators(), sizes(1))
def test_normalized_weights_sum_to_one(rng: np.random.Generator, length: int) -> None:
    query, key = elu_plus_one(rng.normal(size=(2, length, 3)))
    actual = normalized_linear_attention(query, key, np.ones((length, 1)))

    assert np.array_equal(np.ones((length, 1)), actual)


@given(generators(), sizes(1))
def test_normalized_outputs_lie_among_the_values_of_the_past(
    rng: np.random.Generator, length: int
) -> None:
    query, key = elu_plus_one(rng.normal(size=(2, length, 3)))
    value = rng.normal(size=(length, 2))
    actual = normalized_linear_attention(query, key, value)
    low = np.minimum.accumulate(value, axis=0)
    high = np.maximum.accumulate(value, axis=0)
    slack = gamma(5 * length + 20) * np.maximum.accumulate(np.abs(value), axis=0)

    assert (low - slack <= actual).all()
    assert (actual <= high + slack).all()


def test_the_feature_map_is_positive_and_continuous() -> None:
    x = np.array([-700.0, -1.0, -(2.0**-60), 0.0, 2.0**-60, 1.0, 700.0])
    actual = elu_plus_one(x)

    assert (actual > 0).all()
    assert np.array_equal(np.ones(3), actual[2:5])
    assert (np.diff(actual) >= 0).all()


@given(generators(), sizes(0, 6))
def test_what_survives_is_the_product_of_the_decays_since(
    rng: np.random.Generator, length: int
) -> None:
    decay = rng.choice([0.0, 0.5, 1.0, 2.0], size=(length, 2))
    actual = survivals(decay)
    for r, p in np.ndindex(length + 1, length + 1):
        expected = np.prod(decay[p:r], axis=0) if p <= r else np.zeros(2)

        assert np.array_equal(expected, actual[r, p])


@pytest.mark.parametrize("form", [linear_attention_chunked, delta_rule_chunked])
def test_a_chunk_has_a_step(form: Form) -> None:
    arrays: list[Array] = [np.zeros((2, 1))] * 3
    if form is delta_rule_chunked:
        arrays.append(np.zeros(2))
    with pytest.raises(InvalidArgument, match="chunk: expected 1 or more, got 0"):
        inspect.unwrap(form)(*arrays, chunk=0)


@pytest.mark.parametrize("form", [*LINEAR[:2], delta_rule_recurrent])
def test_decay_and_state_have_the_shapes_of_the_keys(form: Form) -> None:
    arrays: list[Array] = [np.zeros((2, 3))] * 3
    if form is delta_rule_recurrent:
        arrays.append(np.zeros(2))
    with pytest.raises(InvalidArgument, match=r"decay: expected shape \(2, 3\) or"):
        inspect.unwrap(form)(*arrays, decay=np.ones((2, 2)))
    with pytest.raises(InvalidArgument, match=r"state: expected shape \(3, 3\), got"):
        inspect.unwrap(form)(*arrays, state=np.ones((3, 2)))
