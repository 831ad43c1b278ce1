from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import learned
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1), sizes(1, 4))
def test_a_learned_encoding_is_a_row_of_its_table(
    rng: np.random.Generator, rows: int, width: int
) -> None:
    table, places = rng.normal(size=(rows, width)), rng.integers(rows, size=(2, 3))
    actual = learned(places, table)

    for spot, place in np.ndenumerate(places):
        assert np.array_equal(table[place], actual[spot])


@pytest.mark.parametrize("place", [-1, 3, 99])
def test_a_table_knows_no_place_beyond_it(place: int) -> None:
    """NumPy would read row -1 as the last one."""
    with pytest.raises(
        InvalidArgument, match=f"positions: expected 0 to 2, got {place}"
    ):
        learned(np.array([0, place]), np.zeros((3, 2)))
