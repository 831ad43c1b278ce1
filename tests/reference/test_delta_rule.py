"""Three forms of the delta rule, on exact arithmetic.

Vectors hold small whole numbers and decays are 0, 1/2, 1 or 2, so that nothing is
rounded: the forms are equal bit by bit, in any chunks and over any calls.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    corrections,
    delta_rule,
    delta_rule_chunked,
    delta_rule_recurrent,
    linear_attention,
    linear_attention_recurrent,
)
from tests.reference._forms import (
    Form,
    check_calls,
    check_forms,
    check_shapes,
    same,
    sequences,
)
from tests.reference._problems import Array, generators, sizes

DELTA: tuple[Form, Form, Form] = (delta_rule_recurrent, delta_rule, delta_rule_chunked)


@given(sequences(rates=True), sizes(1, 8))
def test_the_delta_rule_is_one_function_in_three_forms(
    task: tuple[list[Array], dict[str, Array]], chunk: int
) -> None:
    check_forms(DELTA, task, chunk)


@pytest.mark.parametrize("form", DELTA[:2])
@given(sequences(rates=True), sizes(0, 8))
def test_the_state_of_the_delta_rule_is_carried_over_calls(
    form: Form, task: tuple[list[Array], dict[str, Array]], cut: int
) -> None:
    check_calls(form, task, cut)


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


def test_a_chunk_of_the_delta_rule_has_a_step() -> None:
    x = np.zeros((2, 1))

    with pytest.raises(InvalidArgument, match="chunk: expected 1 or more, got 0"):
        delta_rule_chunked(x, x, x, np.zeros(2), chunk=0)


def test_decay_and_state_of_the_delta_rule_have_the_shapes_of_the_keys() -> None:
    check_shapes(delta_rule_recurrent, [np.zeros((2, 3))] * 3 + [np.zeros(2)])
