from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.relative_shift import RELATIVE_SHIFT
from tests.kinds._by_hand import agree, case_of, right, verdicts

X = np.array([[[3.0, 2.0, 1.0], [30.0, 20.0, 10.0], [300.0, 200.0, 100.0]]])
CASE = case_of((1, 3, 3), {"x": X})


def test_distance_zero_comes_to_stand_at_each_querys_own_position() -> None:
    # The rows move to the left by 2, 1 and 0 columns.
    expected = [[[1.0, 0.0, 0.0], [20.0, 10.0, 0.0], [300.0, 200.0, 100.0]]]
    found = right(RELATIVE_SHIFT, CASE)

    assert agree(expected, found)
    assert not found.bound.any()


def test_behind_it_may_stand_the_next_row_or_what_left_the_own_one() -> None:
    # The next row begins with the pad, a zero.
    after = [[[1.0, 0.0, 30.0], [20.0, 10.0, 0.0], [300.0, 200.0, 100.0]]]
    around = [[[1.0, 3.0, 2.0], [20.0, 10.0, 30.0], [300.0, 200.0, 100.0]]]

    assert agree(after, right(RELATIVE_SHIFT, CASE, behind="next_row"))
    assert agree(around, right(RELATIVE_SHIFT, CASE, behind="own_row"))


def test_a_shift_that_forgets_the_pad_is_caught() -> None:
    assert verdicts("relative-shift-unpadded") == {
        "relative-shift-rows": Verdict.FAILED
    }
