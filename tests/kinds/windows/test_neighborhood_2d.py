from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.windows.neighborhood_2d import NEIGHBORHOOD_2D
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(height: int, breadth: int, size: tuple[int, int]) -> Case:
    """Pixels with the values 0, 3, 6 and so on, row by row, and equal scores."""
    shape = (1, 1, height, breadth, 1)
    return case_of(
        shape,
        {
            "query": np.zeros(shape),
            "key": np.ones(shape),
            "value": 3.0 * np.arange(height * breadth).reshape(shape),
            "kernel_size": size,
        },
    )


def test_a_rectangle_one_row_high_sees_its_own_row() -> None:
    # The means of {0, 3, 6} and of {9, 12, 15}.
    expected = np.reshape([3.0, 3.0, 3.0, 12.0, 12.0, 12.0], (1, 1, 2, 3, 1))

    assert agree(expected, right(NEIGHBORHOOD_2D, case(2, 3, (1, 3))))


def test_an_even_height_reaches_further_up() -> None:
    # One column: the means of {0, 3}, twice, and of {3, 6}; with one more key, of all.
    column = case(3, 1, (2, 1))

    expected = np.reshape([1.5, 1.5, 4.5], (1, 1, 3, 1, 1))
    assert agree(expected, right(NEIGHBORHOOD_2D, column))
    more = right(NEIGHBORHOOD_2D, column, even_size="one_more_key")
    assert agree(np.full((1, 1, 3, 1, 1), 3.0), more)


def test_neighbors_along_the_sequence_of_all_pixels_are_caught() -> None:
    assert verdicts("neighborhood-2d-counted") == {
        "neighborhood-2d-own-row": Verdict.FAILED
    }
