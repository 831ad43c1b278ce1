"""Convolution of images as attention, on whole numbers."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
import scipy.signal
from hypothesis import given

from attnspec.reference import attend_by_taps, tap_weights_2d, taps
from attnspec.reference.convolution import Border
from tests.reference._kernels import borders, kernels, whole
from tests.reference._problems import generators, sizes


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
