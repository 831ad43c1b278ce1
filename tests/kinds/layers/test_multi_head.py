from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.multi_head import MULTI_HEAD
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(key_heads: int) -> Case:
    """Two heads that ask nothing, and hand on one and ten times what they find.

    The members are 1 and 3; the first key head takes them once, the second twice.
    """
    ones = np.ones((2, 1, 1))
    return case_of(
        (1, 1, 1),
        {
            "readers": np.ones((1, 1, 1)),
            "members": np.reshape([1.0, 3.0], (1, 2, 1)),
            "query_weights": 0.0 * ones,
            "key_weights": ones[:key_heads],
            "value_weights": np.reshape([1.0, 2.0], (2, 1, 1))[:key_heads],
            "output_weights": np.reshape([1.0, 10.0], (2, 1, 1)),
        },
    )


def test_what_heads_find_is_summed() -> None:
    # Means of 2 and of 4: 1 * 2 + 10 * 4.
    assert agree([[[42.0]]], right(MULTI_HEAD, case(2)))


def test_two_query_heads_may_share_a_key_head() -> None:
    # A mean of 2 for both: 1 * 2 + 10 * 2.
    assert agree([[[22.0]]], right(MULTI_HEAD, case(1)))


def test_query_heads_that_take_turns_are_caught() -> None:
    assert verdicts("multi-head-tiled") == {"multi-head-shared": Verdict.FAILED}
