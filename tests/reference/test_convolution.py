"""Convolution and attention, on whole numbers: what is equal is equal bit by bit."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import attend_by_taps, convolve, dependence, tap_weights, taps
from attnspec.reference.convolution import Border
from tests.reference._kernels import borders, kernels, whole
from tests.reference._problems import generators, sizes

Mode = Literal["constant", "nearest"]


@given(generators(), kernels(), borders, sizes(1, 3), sizes(1, 3))
def test_every_convolution_is_attention_with_one_head_a_tap(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    border: Border,
    channels: int,
    outputs: int,
) -> None:
    length, size, left = shape
    x, kernel = whole(rng, length, channels), whole(rng, size, channels, outputs)
    expected = convolve(x, kernel, left=left, border=border)
    heads = tap_weights(length, size, left, border=border)

    assert np.array_equal(expected, attend_by_taps(x, kernel, heads))


@pytest.mark.parametrize(
    ("border", "mode"), [("zero", "constant"), ("clip", "nearest")]
)
@given(generators(), kernels())
def test_a_convolution_is_that_of_scipy_with_either_border(
    border: Border, mode: Mode, rng: np.random.Generator, shape: tuple[int, int, int]
) -> None:
    length, size, left = shape
    x, kernel = whole(rng, length), whole(rng, size)
    origin = left - size // 2
    expected = scipy.ndimage.correlate1d(x, kernel, mode=mode, origin=origin)
    actual = convolve(x[:, None], kernel[:, None, None], left=left, border=border)

    assert np.array_equal(expected, actual[:, 0])


@given(generators(), kernels(), borders)
def test_away_from_the_borders_no_border_rule_matters(
    rng: np.random.Generator, shape: tuple[int, int, int], border: Border
) -> None:
    length, size, left = shape
    x, kernel = whole(rng, length), whole(rng, size)
    expected = scipy.signal.correlate(x, kernel, mode="valid", method="direct")
    actual = convolve(x[:, None], kernel[:, None, None], left=left, border=border)

    assert np.array_equal(expected, actual[left : left + len(expected), 0])


@given(generators(), kernels(), sizes(1, 3))
def test_a_convolution_moves_with_its_input_away_from_the_borders(
    rng: np.random.Generator, shape: tuple[int, int, int], shift: int
) -> None:
    length, size, left = shape
    x, kernel = whole(rng, length + shift, 2), whole(rng, size, 2, 1)
    expected = convolve(x, kernel, left=left)
    actual = convolve(x[shift:], kernel, left=left)
    inner = slice(left, length - size + 1 + left)

    assert np.array_equal(expected[shift:][inner], actual[inner])


@given(generators(), kernels(), borders)
def test_the_receptive_field_of_a_convolution_is_its_taps(
    rng: np.random.Generator, shape: tuple[int, int, int], border: Border
) -> None:
    length, size, left = shape
    kernel = rng.normal(size=(size, 1, 1))
    expected = tap_weights(length, size, left, border=border).any(axis=0)

    actual = dependence(
        lambda x: convolve(x, kernel, left=left, border=border), np.zeros((length, 1))
    )

    assert np.array_equal(expected, actual)


@given(generators(), kernels())
def test_a_reversed_kernel_makes_the_convolution_of_mathematics(
    rng: np.random.Generator, shape: tuple[int, int, int]
) -> None:
    length, size, _ = shape
    x, kernel = whole(rng, length), whole(rng, size)
    expected = np.convolve(x, kernel)[:length]
    reverse = kernel[::-1, None, None]

    assert np.array_equal(expected, convolve(x[:, None], reverse, left=size - 1)[:, 0])


@given(kernels(), sizes(0, 3))
def test_taps_beyond_the_border_are_named(
    shape: tuple[int, int, int], more: int
) -> None:
    length, size, left = shape
    zero, clip = (taps(length, size, left, border=b) for b in ("zero", "clip"))
    shifted = taps(length + more, size, left, border="shifted")

    assert np.array_equal(np.clip(zero[0], 0, length - 1), clip[0])
    assert clip[1].all()
    assert shifted[1].all()
    assert np.array_equal(
        np.full((length + more, size - 1), 1), np.diff(shifted[0], axis=1)
    )


def test_arguments_that_make_no_convolution_are_named() -> None:
    value = np.zeros((3, 1))

    with pytest.raises(InvalidArgument, match=r"border: .* or 'shifted', got 'wrap'"):
        taps(3, 3, 1, border="wrap")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="size: expected 1 or more, got 0"):
        taps(3, 0, 0)
    with pytest.raises(InvalidArgument, match="length: expected 4 or more, got 3"):
        taps(3, 4, 0, border="shifted")
    with pytest.raises(InvalidArgument, match=r"kernel: expected shape \(T, 1, D\)"):
        convolve(value, np.zeros((1, 2, 1)), left=0)
    with pytest.raises(InvalidArgument, match=r"kernel: expected shape \(T, 1, D\)"):
        attend_by_taps(value, np.zeros((1, 2, 1)), np.zeros((1, 3, 3)))
    with pytest.raises(InvalidArgument, match=r"weights: expected shape \(1, 3, 3\)"):
        attend_by_taps(value, np.zeros((1, 1, 1)), np.zeros((2, 3, 3)))
