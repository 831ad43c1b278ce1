from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.windows.chunked_mask import CHUNKED_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_each_chunk_is_causal_by_itself() -> None:
    case = case_of((4, 4), {"queries": 4, "keys": 4, "size": 2, "start": 0})

    by_hand = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
    assert agree(by_hand, right(CHUNKED_MASK, case))


def test_the_first_chunk_may_be_cut() -> None:
    case = case_of((1, 3), {"queries": 1, "keys": 3, "size": 3, "start": 2})

    assert agree([[0, 0, 1]], right(CHUNKED_MASK, case))
    assert agree([[1, 1, 1]], right(CHUNKED_MASK, case, origin="slot"))


def test_a_chunk_that_is_told_by_the_row_is_caught() -> None:
    assert verdicts("chunked-mask-by-row") == {"chunked-mask-agreement": Verdict.FAILED}
