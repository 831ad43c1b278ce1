from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    blocks,
    dilated,
    documents,
    global_tokens,
    over_grid,
    prefix,
    shifted_window,
    visible_keys,
)
from attnspec.reference.masks import causal, positions
from tests.reference._problems import Array, generators, sizes


def table(queries: int, keys: int, sees: Any) -> Array:
    """Fill a mask pair by pair."""
    rows = [[sees(i, j) for j in range(keys)] for i in range(queries)]
    return np.array(rows, dtype=bool).reshape(queries, keys)


@given(sizes(), sizes(), sizes(1, 5))
def test_a_dilated_query_sees_every_so_manyth_key_from_its_own(
    queries: int, keys: int, dilation: int
) -> None:
    at = positions(queries, keys)
    actual = dilated(at, np.arange(keys), dilation)

    assert np.array_equal(
        table(queries, keys, lambda i, j: (j - at[i]) % dilation == 0), actual
    )


@given(sizes(1, 5), sizes(0, 4), sizes(1, 4))
def test_a_dilated_window_is_as_wide_as_its_keys_times_the_dilation(
    size: int, reach: int, dilation: int
) -> None:
    wide = reach * dilation
    at = np.arange(wide, wide + size)
    keys = np.arange(size + 2 * wide)
    near = np.abs(keys - at[:, None]) <= wide
    actual = dilated(at, keys, dilation) & near

    assert np.array_equal(np.full(size, 2 * reach + 1), actual.sum(axis=1))


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


@given(generators(), *[sizes(1, 4)] * 4)
def test_a_grid_combines_the_masks_of_its_axes(
    rng: np.random.Generator, rows: int, columns: int, key_rows: int, key_columns: int
) -> None:
    first = rng.random((rows, key_rows)) < 0.5
    second = rng.random((columns, key_columns)) < 0.5
    actual = over_grid(first, second)
    pairs = (first[:, None, :, None] & second[None, :, None, :]).reshape(actual.shape)

    assert np.array_equal(pairs, actual)


@given(sizes(1, 4), sizes(1, 4), sizes(0, 3))
def test_bands_over_a_grid_are_a_square_around_each_pixel(
    rows: int, columns: int, reach: int
) -> None:
    window = reach, reach
    axes = (visible_keys(n, n, window=window) for n in (rows, columns))
    pixels = [divmod(n, columns) for n in range(rows * columns)]

    def sees(i: int, j: int) -> bool:
        (y, x), (v, u) = pixels[i], pixels[j]
        return max(abs(y - v), abs(x - u)) <= reach

    assert np.array_equal(table(len(pixels), len(pixels), sees), over_grid(*axes))


def test_a_grid_without_axes_is_one_point() -> None:
    assert np.array_equal([[True]], over_grid())


@given(sizes(), sizes(), sizes(0, 12))
def test_a_prefix_is_seen_by_all_and_the_rest_is_causal(
    queries: int, keys: int, length: int
) -> None:
    at = positions(queries, keys)
    actual = prefix(at, np.arange(keys), length)

    assert np.array_equal(
        table(queries, keys, lambda i, j: j < length or j <= at[i]), actual
    )


@given(sizes(), sizes())
def test_a_prefix_of_nothing_is_causal(queries: int, keys: int) -> None:
    at = positions(queries, keys), np.arange(keys)

    assert np.array_equal(causal(*at), prefix(*at, 0))


@given(st.lists(sizes(0, 3), max_size=8), st.lists(sizes(0, 3), max_size=8))
def test_a_query_sees_the_keys_of_its_own_document(
    queries: list[int], keys: list[int]
) -> None:
    actual = documents(np.array(queries, dtype=int), np.array(keys, dtype=int))
    expected = table(len(queries), len(keys), lambda i, j: queries[i] == keys[j])

    assert np.array_equal(expected, actual)


@given(generators(), sizes(), sizes(), sizes(1, 4), sizes(1, 4))
def test_a_block_of_queries_sees_the_blocks_that_the_layout_shows(
    rng: np.random.Generator, queries: int, keys: int, rows: int, columns: int
) -> None:
    layout = rng.random((-(-queries // rows), -(-keys // columns))) < 0.5
    actual = blocks(layout, rows, columns, queries=queries, keys=keys)
    expected = table(queries, keys, lambda i, j: layout[i // rows, j // columns])

    assert np.array_equal(expected, actual)


@given(sizes(), sizes())
def test_blocks_of_one_pair_are_the_layout(queries: int, keys: int) -> None:
    layout = np.tri(queries, keys, dtype=bool)

    assert np.array_equal(layout, blocks(layout, 1, 1, queries=queries, keys=keys))


@given(generators(), sizes(), sizes())
def test_global_tokens_see_all_and_are_seen_by_all(
    rng: np.random.Generator, queries: int, keys: int
) -> None:
    first, second = rng.random(queries) < 0.3, rng.random(keys) < 0.3
    actual = global_tokens(first, second)

    assert actual[first].all()
    assert actual[:, second].all()
    assert not actual[np.ix_(~first, ~second)].any()


def test_numbers_that_make_no_pattern_are_named() -> None:
    at, layout = np.arange(3), np.ones((1, 2), dtype=bool)
    bare = inspect.unwrap

    with pytest.raises(InvalidArgument, match="dilation: expected 1 or more, got 0"):
        bare(dilated)(at, at, 0)
    with pytest.raises(InvalidArgument, match="size: expected 1 or more, got 0"):
        bare(shifted_window)(3, 0)
    with pytest.raises(InvalidArgument, match="length: expected 6 or more, got 5"):
        bare(shifted_window)(5, 3, dilation=2)
    with pytest.raises(InvalidArgument, match="length: expected 0 or more, got -1"):
        bare(prefix)(at, at, -1)
    with pytest.raises(InvalidArgument, match="rows: expected 1 or more, got 0"):
        bare(blocks)(layout, 0, 1, queries=1, keys=2)
    with pytest.raises(InvalidArgument, match=r"layout: expected shape \(2, 2\)"):
        bare(blocks)(layout, 1, 1, queries=2, keys=2)
