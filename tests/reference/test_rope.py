r"""Rotary positions: lengths stay, and scores know the distance alone.

The angles of two places are off by u of themselves each (the frequency is the same
number in both), a sine or cosine by 4 u. So a turned entry is off by (angle + 6) u
times the two entries that it is made of, and a score by twice that times the sum of
all such products.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import dot_product, rotary, rotary_matrix, rotary_pairs
from attnspec.reference.rope import Pairing
from tests.reference._bounds import UNIT, gamma
from tests.reference._problems import Array, generators, sizes

PAIRINGS: st.SearchStrategy[Pairing] = st.sampled_from(get_args(Pairing))
WIDTHS = st.sampled_from([0, 2, 4, 6, 10])
BASES = st.sampled_from([1.0, 100.0, 10_000.0, 500_000.0])
PLACES = st.integers(-5000, 5000)


def bound(farthest: float, *vectors: Array) -> float:
    """Limit the error of a score of turned vectors; see above."""
    entries = math.prod(np.abs(vector).sum() for vector in vectors)
    return float(4.0 * (UNIT * (farthest + 6.0) + gamma(vectors[0].size)) * entries)


@given(generators(), PLACES, PLACES, PLACES, WIDTHS, PAIRINGS, BASES)
def test_scores_of_turned_vectors_do_not_see_a_common_shift(
    rng: np.random.Generator,
    place: int,
    other: int,
    shift: int,
    width: int,
    pairing: Pairing,
    base: float,
) -> None:
    query, key = rng.normal(size=(2, 1, width))

    def score(p: int, j: int) -> float:
        turned_query = rotary(query, np.array([p]), pairing=pairing, base=base)
        turned_key = rotary(key, np.array([j]), pairing=pairing, base=base)
        return float(dot_product(turned_query, turned_key).item())

    farthest = abs(place) + abs(other) + 2.0 * abs(shift)
    limit = bound(farthest, query, key)

    assert abs(score(place, other) - score(place + shift, other + shift)) <= limit
    assert abs(score(place, other) - score(place - other, 0)) <= limit


@given(generators(), PLACES, PLACES, WIDTHS, PAIRINGS)
def test_a_score_is_the_key_turned_by_the_distance(
    rng: np.random.Generator, place: int, other: int, width: int, pairing: Pairing
) -> None:
    """q R(p)^T R(j) k = q R(j - p) k."""
    query, key = rng.normal(size=(2, 1, width))
    turn = rotary_matrix(float(other - place), width, pairing=pairing)
    expected = (query @ turn @ key.T).item()
    turned = [
        rotary(x, np.array([p]), pairing=pairing)
        for x, p in ((query, place), (key, other))
    ]
    limit = bound(2.0 * (abs(place) + abs(other)), query, key)

    assert abs(expected - dot_product(*turned).item()) <= limit


@given(generators(), PLACES, WIDTHS, PAIRINGS)
def test_turning_keeps_the_length(
    rng: np.random.Generator, place: int, width: int, pairing: Pairing
) -> None:
    """Whatever the angle is, sine and cosine belong to the same one: 8 u and 6 u."""
    x = rng.normal(size=(1, width))
    turned = rotary(x, np.array([place]), pairing=pairing)
    pairs = math.fsum(np.abs(np.outer(x, x)).flat)

    assert abs(math.fsum((x**2).flat) - math.fsum((turned**2).flat)) <= (
        32.0 * UNIT * pairs
    )


@given(generators(), PLACES, WIDTHS, PAIRINGS, BASES)
def test_turning_is_multiplying_by_the_matrix(
    rng: np.random.Generator, place: int, width: int, pairing: Pairing, base: float
) -> None:
    """The same sines and cosines; only zeros are added."""
    x = rng.normal(size=(1, width))
    matrix = rotary_matrix(float(place), width, pairing=pairing, base=base)
    actual = rotary(x, np.array([place]), pairing=pairing, base=base)

    assert (np.abs(x @ matrix.T - actual) <= gamma(width + 2) * np.abs(x).sum()).all()


@pytest.mark.parametrize("place", [0, 1, 2, 100])
def test_the_matrix_is_that_of_the_paper(place: int) -> None:
    """Equation 15, for d = 4, with m theta_1 = m and m theta_2 = m / 100."""
    (c, s), (d, t) = ((math.cos(a), math.sin(a)) for a in (place, place / 100))
    expected = [[c, -s, 0, 0], [s, c, 0, 0], [0, 0, d, -t], [0, 0, t, d]]
    actual = rotary_matrix(float(place), 4)

    assert (np.abs(expected - actual) <= UNIT * (20.0 * place + 8.0)).all()


@given(PLACES, PLACES, WIDTHS, PAIRINGS)
def test_turns_add_up(place: int, other: int, width: int, pairing: Pairing) -> None:
    both = rotary_matrix(float(place + other), width, pairing=pairing)
    one, two = (rotary_matrix(float(p), width, pairing=pairing) for p in (place, other))
    limit = 2.0 * UNIT * (2.0 * (abs(place) + abs(other)) + 16.0) + gamma(width)

    assert (np.abs(both - one @ two) <= limit).all()


@given(generators(), WIDTHS, PAIRINGS)
def test_nothing_turns_at_position_zero(
    rng: np.random.Generator, width: int, pairing: Pairing
) -> None:
    x = rng.normal(size=(3, width))

    assert np.array_equal(x, rotary(x, np.zeros(3), pairing=pairing))


@given(generators(), sizes(0, 5), sizes(0, 5), PAIRINGS)
def test_entries_behind_the_width_stay(
    rng: np.random.Generator, pairs: int, rest: int, pairing: Pairing
) -> None:
    """Pairs and frequencies are those of the width, not of E."""
    x, places = rng.normal(size=(4, 2 * pairs + rest)), np.arange(4)
    actual = rotary(x, places, pairing=pairing, width=2 * pairs)
    expected = rotary(x[:, : 2 * pairs], places, pairing=pairing)

    assert np.array_equal(x[:, 2 * pairs :], actual[:, 2 * pairs :])
    assert np.array_equal(expected, actual[:, : 2 * pairs])


@given(generators(), WIDTHS)
def test_the_pairings_differ_by_the_order_of_entries(
    rng: np.random.Generator, width: int
) -> None:
    x, places = rng.normal(size=(5, width)), 100 * np.arange(5)
    order = rotary_pairs(width, pairing="interleaved").ravel()
    expected = rotary(x, places, pairing="interleaved")[:, order]
    actual = rotary(x[:, order], places, pairing="half_split")

    assert np.array_equal(expected, actual)


def test_to_take_one_pairing_for_the_other_hides_near_and_shows_far() -> None:
    """Tests that stay near position 0 are weak: the mistake is nothing there."""
    x = np.ones((1, 4))

    def difference(place: int) -> float:
        one, two = (
            rotary(x, np.array([place]), pairing=pairing) @ np.arange(4.0)
            for pairing in get_args(Pairing)
        )
        return float(abs(one - two).item())

    assert difference(0) == 0.0
    assert difference(1) < difference(100)


@given(WIDTHS, PAIRINGS)
def test_every_entry_is_in_one_pair(width: int, pairing: Pairing) -> None:
    pairs = rotary_pairs(width, pairing=pairing)

    assert np.array_equal(np.arange(width), np.sort(pairs, axis=None))


@given(generators(), WIDTHS)
def test_positions_may_differ_in_each_sequence(
    rng: np.random.Generator, width: int
) -> None:
    x, places = rng.normal(size=(2, 3, width)), rng.integers(99, size=(2, 3))
    expected = np.stack([rotary(x[b], places[b]) for b in range(2)])

    assert np.array_equal(expected, rotary(x, places))


@pytest.mark.parametrize("width", [-2, 3, 6])
def test_a_width_is_even_and_not_above_that_of_the_vectors(width: int) -> None:
    with pytest.raises(InvalidArgument, match=f"width: expected .* got {width}"):
        rotary(np.zeros((1, 5)), np.zeros(1), width=width)


def test_a_pairing_is_one_of_two() -> None:
    words = "pairing: expected 'interleaved' or 'half_split', got 'tiled'"
    with pytest.raises(InvalidArgument, match=words):
        rotary_pairs(4, pairing="tiled")  # type: ignore[arg-type]
