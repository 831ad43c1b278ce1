"""Convolution and attention, on whole numbers: what is equal is equal bit by bit."""

from __future__ import annotations

import inspect
from typing import Literal

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attend_by_taps,
    attention,
    convolve,
    dependence,
    distance_scores,
    relative_attention,
    renormalized_convolution,
    sharpened_taps,
    softmax,
    tap_weights,
    tap_weights_2d,
    taps,
    visible_keys,
)
from attnspec.reference.convolution import Border
from tests.reference._bounds import UNIT, bounds, gamma
from tests.reference._problems import Array, Problem, generators, sizes

Mode = Literal["constant", "nearest"]
BORDERS: tuple[Border, ...] = ("zero", "clip", "shifted")
borders = st.sampled_from(BORDERS)


def whole(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-9, 10, shape).astype(np.float64)


@st.composite
def kernels(draw: st.DrawFn) -> tuple[int, int, int]:
    """Length, taps and how many of them lie before the own step."""
    size = draw(sizes(1, 5))
    return draw(sizes(size, size + 6)), size, draw(sizes(0, size - 1))


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


@given(generators(), *[kernels()] * 2, borders, sizes(1, 2), sizes(1, 2))
def test_every_convolution_of_an_image_is_attention_with_one_head_a_tap(
    rng: np.random.Generator,
    rows: tuple[int, int, int],
    columns: tuple[int, int, int],
    border: Border,
    channels: int,
    outputs: int,
) -> None:
    shape, size, left = zip(rows, columns, strict=True)
    image, kernel = whole(rng, *shape, channels), whole(rng, *size, channels, outputs)
    expected = np.zeros((*shape, outputs))
    (j, there), (v, here) = (
        taps(*axis, border=border) for axis in zip(shape, size, left, strict=True)
    )
    for t, u in np.ndindex(size):
        found = image[np.ix_(j[:, t] % shape[0], v[:, u] % shape[1])]
        found[~there[:, t]], found[:, ~here[:, u]] = 0.0, 0.0
        expected += found @ kernel[t, u]
    heads = tap_weights_2d(shape, size, left, border=border)
    actual = attend_by_taps(
        image.reshape(-1, channels), kernel.reshape(-1, channels, outputs), heads
    )

    assert np.array_equal(expected.reshape(actual.shape), actual)


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


@given(generators(), *[kernels()] * 2)
def test_attention_over_an_image_is_the_correlation_of_scipy_away_from_its_borders(
    rng: np.random.Generator, rows: tuple[int, int, int], columns: tuple[int, int, int]
) -> None:
    shape, size, left = zip(rows, columns, strict=True)
    image, kernel = whole(rng, *shape), whole(rng, *size)
    expected = scipy.signal.correlate2d(image, kernel, mode="valid")
    heads = tap_weights_2d(shape, size, left)
    actual = attend_by_taps(image.reshape(-1, 1), kernel.reshape(-1, 1, 1), heads)
    inner = tuple(slice(n, n + m) for n, m in zip(left, expected.shape, strict=True))

    assert np.array_equal(expected, actual.reshape(shape)[inner])


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


@given(kernels(), sizes(0, 9))
def test_sharp_scores_of_the_distance_make_one_hot_heads(
    shape: tuple[int, int, int], more: int
) -> None:
    expected = tap_weights(*shape)
    actual = sharpened_taps(*shape, sharpness=1600.0 + 100.0 * more)

    assert np.array_equal(expected, actual)


@given(kernels())
def test_heads_come_closer_to_one_hot_as_their_scores_sharpen(
    shape: tuple[int, int, int],
) -> None:
    limit = tap_weights(*shape)
    gaps = [
        np.abs(limit - sharpened_taps(*shape, sharpness=sharpness)).max()
        for sharpness in (1.0, 4.0, 16.0, 64.0)
    ]

    # At sharpness s the sink, or the tap, stands out by exp(s / 2) or more.
    for sharpness, gap in zip((1.0, 4.0, 16.0, 64.0), gaps, strict=True):
        assert gap <= 4.0 * np.exp(-sharpness / 2.0)


@given(generators(), kernels())
def test_attention_by_distance_alone_is_convolution_with_the_normalized_kernel(
    rng: np.random.Generator, shape: tuple[int, int, int]
) -> None:
    length, size, left = shape
    scores, value = rng.normal(size=size), rng.normal(size=(length, 2))
    expected = relative_attention(scores, value, left=left)
    kernel = softmax(scores)
    actual = renormalized_convolution(kernel, value, left=left)
    inside = convolve(value, kernel[:, None, None] * np.eye(2), left=left)
    bound = _distance_bound(scores, value, left)
    inner = slice(left, length - size + 1 + left)

    assert (np.abs(expected - actual) <= bound).all()
    assert (np.abs(expected - inside)[inner] <= bound[inner]).all()


def _distance_bound(scores: Array, value: Array, left: int) -> Array:
    """Limit the distance of two ways to average by distance.

    Either is off as attention is; in the kernel each weight is off by `weight`, and
    so is the sum of them that it is divided by.
    """
    nothing = np.zeros((1, 1, len(value), 0))
    bias = distance_scores(scores, len(value), left=left)
    problem = Problem(nothing, nothing, value[None, None], {"bias": bias})
    weight = np.expm1(UNIT * (np.ptp(scores) + 10.0)) + gamma(len(scores) + 3)
    size = attention(nothing, nothing, np.abs(value)[None, None], bias=bias)[0, 0]
    relative = np.expm1(3.0 * weight + gamma(2 * len(scores) + 4))
    return bounds(problem).output[0, 0] + 2.0 * relative * size


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
def test_the_receptive_field_of_attention_by_distance_is_its_window(
    rng: np.random.Generator, shape: tuple[int, int, int]
) -> None:
    length, size, left = shape
    scores, window = rng.normal(size=size), (left, size - 1 - left)
    expected = visible_keys(length, length, window=window)

    actual = dependence(
        lambda x: relative_attention(scores, x, left=left), np.zeros((length, 1))
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
    bare, value = inspect.unwrap, np.zeros((3, 1))

    with pytest.raises(InvalidArgument, match=r"border: expected one of .*'wrap'"):
        bare(taps)(3, 3, 1, border="wrap")
    with pytest.raises(InvalidArgument, match="size: expected 1 or more, got 0"):
        bare(taps)(3, 0, 0)
    with pytest.raises(InvalidArgument, match="length: expected 4 or more, got 3"):
        bare(taps)(3, 4, 0, border="shifted")
    with pytest.raises(InvalidArgument, match="left: expected a place from 0 to 1"):
        bare(distance_scores)(np.zeros(2), 3, left=2)
    with pytest.raises(InvalidArgument, match="kernel: expected positive numbers"):
        bare(renormalized_convolution)(np.array([1.0, 0.0]), value, left=0)
    with pytest.raises(InvalidArgument, match="kernel: expected channels 1, got 2"):
        bare(convolve)(value, np.zeros((1, 2, 1)), left=0)
    with pytest.raises(InvalidArgument, match="kernel: expected channels 1, got 2"):
        bare(attend_by_taps)(value, np.zeros((1, 2, 1)), np.zeros((1, 3, 3)))
    with pytest.raises(InvalidArgument, match="weights: expected heads 1, got 2"):
        bare(attend_by_taps)(value, np.zeros((1, 1, 1)), np.zeros((2, 3, 3)))
