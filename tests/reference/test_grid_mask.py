from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import over_grid, visible_keys
from tests.reference._masks import table
from tests.reference._problems import generators, sizes


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
