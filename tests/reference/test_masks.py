from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec._typing import Alignment, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference.masks import (
    causal,
    intersection,
    padding,
    positions,
    visible_keys,
    window,
)
from tests.reference._problems import Array, generators, sizes

ALIGNMENTS: tuple[Alignment, ...] = ("upper_left", "lower_right")
distances = st.none() | sizes(0, 12)


def table(queries: int, keys: int, sees: Any) -> Array:
    """Fill a mask pair by pair."""
    rows = [[sees(i, j) for j in range(keys)] for i in range(queries)]
    return np.array(rows, dtype=bool).reshape(queries, keys)


@given(sizes(1), sizes(1))
def test_alignment_says_which_corner_lies_on_the_diagonal(
    queries: int, keys: int
) -> None:
    assert keys - 1 == positions(queries, keys, alignment="lower_right")[-1]
    assert positions(queries, keys, alignment="upper_left")[0] == 0


@given(sizes())
def test_alignments_agree_on_squares(size: int) -> None:
    upper_left, lower_right = (positions(size, size, alignment=a) for a in ALIGNMENTS)

    assert np.array_equal(upper_left, lower_right)


@given(sizes(), sizes())
def test_causal_upper_left_is_the_lower_triangle(queries: int, keys: int) -> None:
    expected = np.tri(queries, keys, dtype=bool)
    actual = causal(positions(queries, keys, alignment="upper_left"), np.arange(keys))

    assert np.array_equal(expected, actual)


@given(sizes(), sizes())
def test_causal_lower_right_ends_at_the_last_key(queries: int, keys: int) -> None:
    expected = np.tri(queries, keys, keys - queries, dtype=bool)
    actual = causal(positions(queries, keys), np.arange(keys))

    assert np.array_equal(expected, actual)


@given(sizes(), sizes(), distances, distances)
def test_window_holds_both_of_its_distances(
    queries: int, keys: int, left: int | None, right: int | None
) -> None:
    def sees(i: int, j: int) -> bool:
        place = i + keys - queries
        return (left is None or place - left <= j) and (
            right is None or j <= place + right
        )

    actual = window(positions(queries, keys), np.arange(keys), left, right)

    assert np.array_equal(table(queries, keys, sees), actual)


@given(sizes())
def test_window_of_no_distance_is_the_query_itself(size: int) -> None:
    actual = window(np.arange(size), np.arange(size), 0, 0)

    assert np.array_equal(np.eye(size, dtype=bool), actual)


@given(sizes(), sizes())
def test_causal_is_a_window_without_future(queries: int, keys: int) -> None:
    at = positions(queries, keys), np.arange(keys)

    assert np.array_equal(window(*at, None, 0), causal(*at))


@given(sizes(), distances, distances, st.integers(-50, 50))
def test_windows_do_not_depend_on_where_counting_starts(
    size: int, left: int | None, right: int | None, shift: int
) -> None:
    at = np.arange(size)
    expected = window(at, at, left, right)

    assert np.array_equal(expected, window(at + shift, at + shift, left, right))


@given(sizes(1), sizes(0, 12), sizes(0, 12))
def test_inner_rows_of_a_window_hold_left_plus_one_plus_right_keys(
    queries: int, left: int, right: int
) -> None:
    at = np.arange(left, left + queries)
    actual = window(at, np.arange(left + queries + right), left, right).sum(axis=1)

    assert np.array_equal(np.full(queries, left + 1 + right), actual)


@given(st.lists(sizes(), max_size=5))
def test_padding_shows_the_first_keys_of_each_sequence(lengths: list[int]) -> None:
    actual = padding(np.array(lengths, dtype=int), 9)

    assert np.array_equal(
        table(len(lengths), 9, lambda b, j: j < lengths[b]), actual[:, 0, 0]
    )


@given(generators(), sizes(), sizes(), st.booleans(), distances, distances)
def test_visible_keys_are_the_intersection_of_all_restrictions(
    rng: np.random.Generator,
    queries: int,
    keys: int,
    is_causal: bool,  # noqa: FBT001 - drawn
    left: int | None,
    right: int | None,
) -> None:
    at = positions(queries, keys), np.arange(keys)
    mask = rng.random((2, queries, keys)) < 0.7
    bias = np.where(rng.random(keys) < 0.2, -np.inf, 0.0)
    parts = [mask, bias == 0.0, window(*at, left, right)]
    expected = intersection(*parts, *([causal(*at)] if is_causal else []))
    limits: Window = (left, right)
    actual = visible_keys(
        queries, keys, mask=mask, bias=bias, causal=is_causal, window=limits
    )

    assert np.array_equal(expected, actual)


@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_window_and_causal_share_one_alignment(alignment: Alignment) -> None:
    expected = visible_keys(3, 5, causal=True, alignment=alignment)
    actual = visible_keys(3, 5, window=(None, 0), alignment=alignment)

    assert np.array_equal(expected, actual)


def test_nothing_is_hidden_without_options() -> None:
    assert visible_keys(2, 3).all()
    assert visible_keys(2, 3).shape == (2, 3)


@pytest.mark.parametrize("bad", [(-1, 0), (0, -1), (None, -3)])
def test_distances_of_a_window_are_not_negative(bad: Window) -> None:
    with pytest.raises(InvalidArgument, match=r"(left|right): expected 0 or more"):
        window(np.arange(2), np.arange(2), *bad)


@pytest.mark.parametrize("length", [-1, 4])
def test_lengths_lie_within_the_keys(length: int) -> None:
    with pytest.raises(InvalidArgument, match=f"expected 0 to 3, got {length}"):
        padding(np.array([2, length]), 3)


def test_an_unknown_alignment_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"alignment: .*got 'center'"):
        positions(2, 2, alignment="center")  # type: ignore[arg-type]
