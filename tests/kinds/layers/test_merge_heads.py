from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.layers.merge_heads import MERGE_HEADS
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_pieces_stand_one_behind_the_other() -> None:
    # Two heads, of two vectors and two entries each.
    x = np.array([[[[0.0, 1.0], [4.0, 5.0]], [[2.0, 3.0], [6.0, 7.0]]]])
    case = case_of((1, 2, 4), {"x": x})

    assert agree([[[0, 1, 2, 3], [4, 5, 6, 7]]], right(MERGE_HEADS, case))


def test_the_piece_of_one_head_is_the_vector() -> None:
    case = case_of((1, 1, 3), {"x": np.arange(3.0).reshape(1, 1, 1, 3)})

    assert agree([[[0, 1, 2]]], right(MERGE_HEADS, case))


def test_heads_that_start_one_entry_late_are_caught() -> None:
    assert verdicts("merge-heads-shifted") == {"merge-heads-heads": Verdict.FAILED}
