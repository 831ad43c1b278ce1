from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.learned import LEARNED
from tests.kinds._by_hand import agree, case_of, right, verdicts

TABLE = np.array([[5.0], [6.0], [7.0]])


def test_the_encoding_of_a_position_is_its_row_to_the_bit() -> None:
    case = case_of((2, 1), {"positions": np.array([2, 0]), "table": TABLE})
    found = right(LEARNED, case)

    assert agree([[7.0], [5.0]], found)
    assert not found.bound.any()


def test_a_position_outside_has_no_encoding() -> None:
    case = case_of((3, 1), {"positions": np.array([-1, 1, 3]), "table": TABLE})

    assert np.isnan(right(LEARNED, case).output[:, 0]).tolist() == [True, False, True]


def test_a_position_that_counts_from_the_end_is_caught() -> None:
    assert verdicts("learned-negative") == {"learned-outside": Verdict.FAILED}


def _rows(*positions: int, **choices: str) -> list[float]:
    """What positions read of a table of 5, 6 and 7; NaN is written as 0."""
    shape = (len(positions), 1)
    case = case_of(shape, {"positions": np.array(positions), "table": TABLE})
    return np.nan_to_num(right(LEARNED, case, **choices).output[:, 0]).tolist()


def test_a_position_outside_may_read_the_row_that_its_system_takes_for_it() -> None:
    from_end = {"negative_position": "from_end"}

    assert _rows(-1, -3, -4, 3, **from_end) == [7.0, 5.0, 0.0, 0.0]
    assert _rows(-1, 3, 7, position_beyond="wrapped") == [0.0, 5.0, 6.0]
    assert _rows(-4, 3, negative_position="clamped") == [5.0, 0.0]
    assert _rows(-4, 3, position_beyond="clamped") == [0.0, 7.0]


def test_a_position_that_goes_around_to_another_row_is_caught() -> None:
    assert verdicts("learned-around-too-far") == {"learned-outside": Verdict.FAILED}
