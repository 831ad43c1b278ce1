from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.t5 import T5, decided
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_near_distances_have_a_bucket_each_and_far_ones_share() -> None:
    # Of 16 buckets on a side 8 are for the distances 0 to 7. The other 8 go from 8 to
    # 128 by equal factors, the root of 2: 16 is two of them on.
    relative = np.array([-200, -16, -8, -1, 0, 1, 8, 16, 200])
    case = case_of((9,), {"relative": relative})
    found = right(T5, case)

    assert agree([15, 10, 8, 1, 0, 17, 24, 26, 31], found)
    assert not found.bound.any()


def test_a_decoder_has_all_buckets_on_the_left() -> None:
    # 16 for the distances 0 to 15; every key on the right is at distance 0.
    case = case_of((4,), {"relative": np.array([-200, -16, -8, 1])})

    assert agree([31, 16, 8, 0], right(T5, case.replace(bidirectional=False)))


def test_no_case_asks_where_rounding_decides() -> None:
    # The logarithm of 16/8 over that of 128/8, times 8, is 2 but for rounding.
    moved = decided(np.array([-16, 15, 17]), 16, 128)

    assert moved.tolist() == [-15, 15, 17]


def test_the_same_buckets_on_both_sides_are_caught() -> None:
    assert verdicts("t5-folded") == {"t5-sides": Verdict.FAILED}
