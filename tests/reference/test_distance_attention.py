"""Attention by the distance alone, and the convolution that it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attention,
    convolve,
    dependence,
    distance_scores,
    relative_attention,
    renormalized_convolution,
    sharpened_taps,
    softmax,
    tap_weights,
    visible_keys,
)
from tests.reference._bounds import UNIT, bounds, gamma
from tests.reference._kernels import kernels
from tests.reference._problems import Array, Problem, generators, sizes


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


def test_arguments_that_make_no_attention_by_distance_are_named() -> None:
    value = np.zeros((3, 1))

    with pytest.raises(InvalidArgument, match="left: expected 0 to 1, got 2"):
        distance_scores(np.zeros(2), 3, left=2)
    with pytest.raises(InvalidArgument, match="kernel: expected positive finite"):
        renormalized_convolution(np.array([1.0, 0.0]), value, left=0)
