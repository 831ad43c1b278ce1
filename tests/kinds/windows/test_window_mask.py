from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.windows.window_mask import WINDOW_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts

CASE = case_of((4, 4), {"queries": 4, "keys": 4, "size": 2})


def test_the_default_counts_the_own_key() -> None:
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]

    assert agree(expected, right(WINDOW_MASK, CASE))


def test_each_side_counts_the_keys_on_both_sides() -> None:
    # The first and the last are three apart, all others two at most.
    expected = np.ones((4, 4))
    expected[0, 3] = expected[3, 0] = 0

    assert agree(expected, right(WINDOW_MASK, CASE, unit="each_side"))


def test_a_window_without_the_own_key_is_caught() -> None:
    assert verdicts("window-mask-own-left-out") == {"window-mask-own": Verdict.FAILED}
