from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.windows.prefix_mask import PREFIX_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_the_prefix_is_seen_by_all_and_the_rest_is_causal() -> None:
    case = case_of((3, 3), {"queries": 3, "keys": 3, "length": 2})

    assert agree([[1, 1, 0], [1, 1, 0], [1, 1, 1]], right(PREFIX_MASK, case))


def test_without_a_prefix_the_alignment_says_what_one_query_sees() -> None:
    case = case_of((1, 3), {"queries": 1, "keys": 3, "length": 0})

    assert agree([[1, 1, 1]], right(PREFIX_MASK, case))
    assert agree([[1, 0, 0]], right(PREFIX_MASK, case, alignment="upper_left"))


def test_a_prefix_that_is_forgotten_is_caught() -> None:
    assert verdicts("prefix-mask-forgotten") == {"prefix-mask-mutual": Verdict.FAILED}
