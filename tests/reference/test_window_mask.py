"""What systems call a window, against the rule that each of them states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from attnspec import reference
from attnspec._typing import Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference import visible_keys
from tests.reference._problems import Array, sizes

Rule = Callable[[Any, Any, int], Any]

RULES: dict[str, tuple[Callable[[int], Window], Rule, bool]] = {
    "flash_attention": (
        lambda w: reference.window_of_flash_attention(w, 0),
        lambda i, j, w: (i - w <= j) & (j <= i),
        False,
    ),
    "flashinfer": (
        reference.window_of_flashinfer,
        lambda i, j, w: (j >= i - w) & (j <= i),
        True,
    ),
    "jax": (reference.window_of_jax, lambda i, j, w: abs(i - j) <= w, False),
    "transformers": (
        reference.window_of_transformers,
        lambda i, j, w: (j > i - w) & (j <= i),
        True,
    ),
    "transformers, bidirectional": (
        lambda w: reference.window_of_transformers(w, causal=False),
        lambda i, j, w: abs(i - j) <= w,
        False,
    ),
    "xformers": (
        reference.window_of_xformers,
        lambda i, j, w: (i - j < w) & (j <= i),
        True,
    ),
    "cudnn": (reference.window_of_cudnn, lambda i, j, w: (i - j < w) & (j <= i), True),
    "keras": (reference.window_of_keras, lambda i, j, w: abs(i - j) < w, False),
}
"""Conversion, the rule in the system's own words, and whether causality is beside."""


def seen(length: int, window: Window, *, causal: bool) -> Array:
    return visible_keys(length, length, window=window, causal=causal)


@pytest.mark.parametrize("system", RULES)
@given(length=sizes(1), number=sizes(1, 12))
def test_a_converted_window_shows_what_the_system_shows(
    system: str, length: int, number: int
) -> None:
    convert, rule, causal = RULES[system]
    at = np.arange(length)
    expected = rule(at[:, None], at, number)

    assert np.array_equal(expected, seen(length, convert(number), causal=causal))


@given(sizes(1), sizes(1, 6))
def test_longformer_shows_half_its_window_on_each_side(length: int, half: int) -> None:
    at = np.arange(length)
    expected = abs(at[:, None] - at) <= half
    window = reference.window_of_longformer(2 * half)

    assert np.array_equal(expected, seen(length, window, causal=False))


@given(sizes(0, 9), sizes(0, 9))
def test_two_distances_of_jax_are_taken_as_they_are(left: int, right: int) -> None:
    assert (left, right) == reference.window_of_jax((left, right))


def test_minus_one_is_unlimited() -> None:
    assert reference.window_of_flash_attention(-1, -1) == (None, None)
    assert reference.window_of_flashinfer(-1) == (None, None)


@given(sizes(2, 9))
def test_the_same_number_means_windows_of_different_sizes(number: int) -> None:
    middle, length = 20, 41
    found = {
        int(seen(length, convert(number), causal=causal)[middle].sum())
        for convert, _, causal in RULES.values()
    }

    assert found == {number, number + 1, 2 * number - 1, 2 * number + 1}


@pytest.mark.parametrize(
    ("convert", "bad", "words"),
    [
        (reference.window_of_flash_attention, (-2, 0), "left: expected -1 or more"),
        (reference.window_of_flash_attention, (0, -2), "right: expected -1 or more"),
        (reference.window_of_flashinfer, (-2,), "window_left: expected -1 or more"),
        (
            reference.window_of_jax,
            (-1,),
            "size: expected 0 or more or 2 entries, got -1",
        ),
        (reference.window_of_transformers, (0,), "sliding_window: expected 1 or more"),
        (reference.window_of_xformers, (0,), "window_size: expected 1 or more, got 0"),
        (reference.window_of_cudnn, (0,), "left_bound: expected 1 or more, got 0"),
        (reference.window_of_keras, (0,), "sliding_window: expected 1 or more, got 0"),
        (reference.window_of_longformer, (3,), "attention_window: expected an even"),
    ],
)
def test_a_number_that_is_no_window_is_named(
    convert: Callable[..., Window], bad: tuple[int, ...], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        convert(*bad)
