from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    alibi,
    alibi_signed,
    alibi_slopes,
    attention_with_logsumexp,
)
from tests.reference._bounds import gamma
from tests.reference._problems import distances, sizes

HEADS = st.integers(1, 40)


def published_slopes(heads: int) -> list[float]:
    """Read as the authors' get_slopes does it."""
    exponent = math.log2(heads)
    if exponent.is_integer():
        start = 2 ** (-(2 ** -(exponent - 3)))
        return [start**n for n in range(1, heads + 1)]
    power = 2 ** math.floor(exponent)
    more = published_slopes(2 * power)[0::2][: heads - power]
    return published_slopes(power) + more


@given(HEADS)
def test_slopes_are_those_of_the_authors_for_any_number_of_heads(heads: int) -> None:
    """Theirs are powers of a rounded root: n u off, and a few u for each power."""
    expected = np.array(published_slopes(heads))

    assert (
        np.abs(expected - alibi_slopes(heads)) <= gamma(2 * heads + 40) * expected
    ).all()


def test_slopes_of_eight_heads_are_the_powers_of_a_half() -> None:
    expected = [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]

    assert np.array_equal(expected, alibi_slopes(8))


def test_slopes_of_twelve_heads_are_those_of_eight_and_four_between() -> None:
    expected = np.exp2([-1, -2, -3, -4, -5, -6, -7, -8, -0.5, -1.5, -2.5, -3.5])

    assert np.array_equal(expected, alibi_slopes(12))


def test_slopes_of_sixteen_heads_begin_at_the_root_of_a_half() -> None:
    assert np.array_equal(np.exp2(-np.arange(1, 17) / 2.0), alibi_slopes(16))


@pytest.mark.parametrize("heads", [0, -1])
def test_slopes_need_a_head(heads: int) -> None:
    with pytest.raises(
        InvalidArgument, match=f"heads: expected 1 or more, got {heads}"
    ):
        alibi_slopes(heads)


@given(sizes(), sizes(), HEADS)
def test_alibi_is_minus_slope_times_distance(
    queries: int, keys: int, heads: int
) -> None:
    slopes = alibi_slopes(heads)
    actual = alibi(distances(queries, keys), slopes)

    for (h, i, j), bias in np.ndenumerate(actual):
        assert -slopes[h] * abs(j - (i + keys - queries)) == bias


@given(sizes(), sizes(), HEADS)
def test_both_distances_agree_up_to_the_query(
    queries: int, keys: int, heads: int
) -> None:
    relative, slopes = distances(queries, keys), alibi_slopes(heads)
    both = alibi(relative, slopes), alibi_signed(relative, slopes)

    assert np.array_equal(both[0][:, relative <= 0], both[1][:, relative <= 0])
    assert np.array_equal(-both[0][:, relative > 0], both[1][:, relative > 0])


def test_to_leave_out_the_query_moves_the_logsumexp_and_not_the_output() -> None:
    """With m j in the place of m (j - i): the last of four queries, no content."""
    query, value = np.zeros((1, 1, 4, 1)), np.eye(4)[None, None]
    bias = alibi_signed(distances(4, 4), np.ones(1))
    moved = bias + np.arange(4.0)[:, None]
    ours, theirs = (
        attention_with_logsumexp(query, query, value, bias=b, causal=True)
        for b in (bias, moved)
    )

    assert np.array_equal(ours[0], theirs[0])
    assert np.abs(ours[1] + np.arange(4.0) - theirs[1]).max() <= gamma(40)


@given(sizes(), sizes(), st.integers(-999, 999))
def test_no_bias_sees_a_common_shift_of_all_positions(
    queries: int, keys: int, shift: int
) -> None:
    here, there = distances(queries, keys), distances(queries, keys, start=shift)
    slopes = alibi_slopes(3)

    assert np.array_equal(alibi(here, slopes), alibi(there, slopes))
    assert np.array_equal(alibi_signed(here, slopes), alibi_signed(there, slopes))
