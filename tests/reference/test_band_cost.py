from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec._typing import Alignment
from attnspec.reference import band, pairs, visible_keys
from tests.reference._problems import sizes

ALIGNMENTS: tuple[Alignment, ...] = ("upper_left", "lower_right")


@pytest.mark.parametrize("alignment", ALIGNMENTS)
@given(sizes(), sizes(), sizes(0, 12), sizes(0, 12))
def test_the_band_is_the_support_of_the_window(
    alignment: Alignment, queries: int, keys: int, left: int, right: int
) -> None:
    options = {"window": (left, right), "alignment": alignment}
    indices, inside = band(queries, keys, (left, right), alignment=alignment)
    actual = np.zeros((queries, keys), dtype=bool)
    actual[np.nonzero(inside)[0], indices[inside]] = True

    assert np.array_equal(visible_keys(queries, keys, **options), actual)  # type: ignore[arg-type]


@given(sizes(0, 12), sizes(0, 12))
def test_all_pairs_grow_with_the_square_of_the_length(queries: int, keys: int) -> None:
    assert queries * keys == pairs(visible_keys(queries, keys))


@given(sizes(1, 40), sizes(0, 9), sizes(0, 9))
def test_the_pairs_of_a_band_grow_with_the_length_alone(
    length: int, left: int, right: int
) -> None:
    length += left + right
    cut = left * (left + 1) // 2 + right * (right + 1) // 2
    expected = length * (left + 1 + right) - cut

    assert expected == pairs(visible_keys(length, length, window=(left, right)))
