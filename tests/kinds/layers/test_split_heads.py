from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.split_heads import SPLIT_HEADS
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(heads: int) -> Case:
    """Two vectors, 0 1 2 3 and 4 5 6 7."""
    x = np.arange(8.0).reshape(1, 2, 4)
    return case_of((1, heads, 2, 4 // heads), {"x": x, "heads": heads})


def test_each_head_gets_consecutive_entries() -> None:
    expected = [[[[0, 1], [4, 5]], [[2, 3], [6, 7]]]]

    assert agree(expected, right(SPLIT_HEADS, case(2)))


def test_one_head_gets_all() -> None:
    assert agree([[[[0, 1, 2, 3], [4, 5, 6, 7]]]], right(SPLIT_HEADS, case(1)))


def test_entries_that_are_dealt_out_in_turn_are_caught() -> None:
    assert verdicts("split-heads-dealt") == {"split-heads-agreement": Verdict.FAILED}
