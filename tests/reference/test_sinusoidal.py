r"""Sinusoidal positions: what they are, and what they know of distance.

An angle p theta is off by a few u of itself: theta by (ln base + 6) u, the product by
u. Sine and cosine are off by 4 u at most. Twenty u for each unit of angle and eight
beside it hold for every base below a million.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import frequencies, rotary, rotary_matrix, sinusoidal
from tests.reference._bounds import UNIT, gamma

WIDTHS = st.sampled_from([0, 2, 4, 6, 64])
BASES = st.sampled_from([1.0, 100.0, 10_000.0, 500_000.0])
PLACES = st.integers(-1000, 1000)


def turned(angle: float) -> float:
    """Bound the error of a sine or a cosine at an angle that was computed."""
    return UNIT * (20.0 * abs(angle) + 8.0)


@given(WIDTHS, BASES)
def test_frequencies_fall_geometrically_from_one(width: int, base: float) -> None:
    actual = frequencies(width, base=base)
    expected = [base ** -(2.0 * n / width) for n in range(width // 2)]
    bound = UNIT * (2.0 * math.log(base) + 16.0) * np.array(expected)

    assert (np.abs(expected - actual) <= bound).all()
    assert (actual[:1] == 1.0).all()


@given(PLACES, WIDTHS, BASES)
def test_the_sinusoidal_encoding_is_that_of_the_paper(
    place: int, width: int, base: float
) -> None:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) its cosine."""
    actual = sinusoidal(np.array([place]), width, base=base)[0]

    for n in range(0, width, 2):
        angle = place / base ** (n / width)
        assert abs(math.sin(angle) - actual[n]) <= turned(angle)
        assert abs(math.cos(angle) - actual[n + 1]) <= turned(angle)


def test_the_encoding_of_the_first_place_is_zeros_and_ones() -> None:
    assert np.array_equal([0.0, 1.0] * 3, sinusoidal(np.zeros(1), 6)[0])


@given(PLACES, WIDTHS)
def test_every_sinusoidal_encoding_is_equally_long(place: int, width: int) -> None:
    """Of each pair the squares sum to one, off by 8 u for each and 2 u for the rest."""
    encoding = sinusoidal(np.array([place]), width)[0]

    assert abs(math.fsum(encoding**2) - width / 2) <= width * 20.0 * UNIT


@given(PLACES, PLACES, WIDTHS, BASES)
def test_a_shift_of_the_sinusoidal_encoding_is_a_fixed_rotation(
    place: int, shift: int, width: int, base: float
) -> None:
    """e(p + d) = R(-d) e(p): the matrix depends on d alone."""
    here, there = sinusoidal(np.array([place, place + shift]), width, base=base)
    rotated = rotary_matrix(float(-shift), width, base=base) @ here
    angles = abs(place) + abs(shift) + abs(place + shift)

    assert (np.abs(there - rotated) <= 2.0 * turned(angles) + gamma(width)).all()


@given(PLACES, WIDTHS)
def test_the_sinusoidal_encoding_is_the_first_one_turned_back(
    place: int, width: int
) -> None:
    """Rotary and sinusoidal positions are the same clocks."""
    first = sinusoidal(np.zeros(1), width)

    assert np.array_equal(
        sinusoidal(np.array([place]), width), rotary(first, np.array([-place])) + 0.0
    )


@given(PLACES, PLACES, WIDTHS)
def test_dot_products_of_encodings_depend_on_the_distance_alone(
    place: int, shift: int, width: int
) -> None:
    here, there = sinusoidal(np.array([place, place + shift]), width)
    expected = math.fsum(np.cos(shift * frequencies(width)))
    angles = abs(place) + abs(shift) + abs(place + shift)
    bound = width * (2.0 * turned(angles) + gamma(width + 2))

    assert abs(expected - math.fsum(here * there)) <= bound


@pytest.mark.parametrize("width", [-2, 1, 7])
def test_clocks_need_two_entries_each(width: int) -> None:
    words = f"width: expected an even number, not negative, got {width}"
    for definition in (frequencies, lambda w: sinusoidal(np.zeros(1), w)):
        with pytest.raises(InvalidArgument, match=words):
            definition(width)


@pytest.mark.parametrize("base", [0.0, -1.0, math.inf, math.nan])
def test_a_base_is_positive_and_finite(base: float) -> None:
    with pytest.raises(InvalidArgument, match="base: expected a positive finite"):
        frequencies(4, base=base)
