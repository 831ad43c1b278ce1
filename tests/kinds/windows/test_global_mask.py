from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.windows.global_mask import GLOBAL_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_a_global_query_sees_all_and_a_global_key_is_seen_by_all() -> None:
    queries, keys = np.array([True, False]), np.array([False, True, False])
    case = case_of((2, 3), {"queries": queries, "keys": keys})

    assert agree([[1, 1, 1], [0, 1, 0]], right(GLOBAL_MASK, case))


def test_without_global_tokens_nothing_is_shown() -> None:
    none = np.zeros(2, np.bool_)
    case = case_of((2, 2), {"queries": none, "keys": none})

    assert agree([[0, 0], [0, 0]], right(GLOBAL_MASK, case))


def test_a_pair_that_must_both_be_global_is_caught() -> None:
    assert verdicts("global-mask-both") == {"global-mask-agreement": Verdict.FAILED}
