from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.windows.dilated_mask import DILATED_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_every_second_key_is_seen_counted_from_the_own_one() -> None:
    case = case_of((3, 3), {"queries": 3, "keys": 3, "dilation": 2})

    assert agree([[1, 0, 1], [0, 1, 0], [1, 0, 1]], right(DILATED_MASK, case))


def test_the_alignment_says_where_counting_starts() -> None:
    # One query, at position 3 or at position 0.
    case = case_of((1, 4), {"queries": 1, "keys": 4, "dilation": 2})

    assert agree([[0, 1, 0, 1]], right(DILATED_MASK, case))
    assert agree([[1, 0, 1, 0]], right(DILATED_MASK, case, alignment="upper_left"))


def test_counting_from_the_first_key_is_caught() -> None:
    assert verdicts("dilated-mask-from-zero") == {
        "dilated-mask-classes": Verdict.FAILED
    }
