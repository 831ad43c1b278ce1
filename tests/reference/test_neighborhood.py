from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import shifted_window, visible_keys
from tests.reference._masks import table
from tests.reference._problems import sizes


@st.composite
def neighborhoods(draw: st.DrawFn) -> tuple[int, int, int]:
    size, dilation = draw(sizes(1, 5)), draw(sizes(1, 3))
    return draw(sizes(size * dilation, size * dilation + 6)), size, dilation


@given(neighborhoods())
def test_a_shifted_window_always_holds_as_many_keys(
    shape: tuple[int, int, int],
) -> None:
    length, size, dilation = shape
    actual = shifted_window(length, size, dilation=dilation)

    assert np.array_equal(np.full(length, size), actual.sum(axis=1))


@given(neighborhoods())
def test_a_shifted_window_holds_the_nearest_keys(shape: tuple[int, int, int]) -> None:
    length, size, dilation = shape

    def start(i: int) -> int:
        """Walk from the wished start to the nearest one that exists."""
        first = i - dilation * (size // 2)
        while first < 0:
            first += dilation
        while first + dilation * (size - 1) >= length:
            first -= dilation
        return first

    windows = [range(start(i), length, dilation)[:size] for i in range(length)]
    actual = shifted_window(length, size, dilation=dilation)

    assert np.array_equal(table(length, length, lambda i, j: j in windows[i]), actual)


@given(sizes(1, 9), sizes(1, 9))
def test_inside_a_shifted_window_is_an_ordinary_one(size: int, length: int) -> None:
    length += size
    window = size // 2, size - 1 - size // 2
    inner = slice(window[0], length - window[1])
    expected = visible_keys(length, length, window=window)[inner]

    assert np.array_equal(expected, shifted_window(length, size)[inner])


def test_a_shifted_window_fits_its_sequence() -> None:
    with pytest.raises(InvalidArgument, match="size: expected 1 or more, got 0"):
        shifted_window(3, 0)
    with pytest.raises(InvalidArgument, match="length: expected 6 or more, got 5"):
        shifted_window(5, 3, dilation=2)
