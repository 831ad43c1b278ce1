from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.windows.grid_mask import GRID_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_a_pixel_of_its_own_row_is_seen_in_every_column() -> None:
    # Pixels are counted row by row: 0 and 1 are the first row, 2 and 3 the second.
    own, every = np.eye(2, dtype=np.bool_), np.ones((2, 2), np.bool_)
    case = case_of((4, 4), {"rows": own, "columns": every})

    expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert agree(expected, right(GRID_MASK, case))


def test_both_axes_must_show_a_pixel() -> None:
    rows, columns = np.array([[True, False]]), np.array([[False, True]])
    case = case_of((1, 4), {"rows": rows, "columns": columns})

    assert agree([[0, 1, 0, 0]], right(GRID_MASK, case))


def test_pixels_that_are_counted_column_by_column_are_caught() -> None:
    assert verdicts("grid-mask-columns-first") == {"grid-mask-count": Verdict.FAILED}
