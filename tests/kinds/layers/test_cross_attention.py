from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.cross_attention import CROSS_ATTENTION
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(readers: list[float], **options: Any) -> Case:
    """Readers that ask with themselves; two members, 0 and log 3."""
    one = np.ones((1, 1))
    members = np.reshape([0.0, np.log(3.0)], (2, 1))
    return case_of(
        (len(readers), 1),
        {
            "readers": np.reshape(readers, (-1, 1)),
            "members": members,
            "query_weights": one,
            "key_weights": one,
            "value_weights": one,
        },
        **options,
    )


def test_each_reader_is_answered_by_itself() -> None:
    # With the query 0 both weigh the same; with 1 the weights are 1/4 and 3/4.
    found = right(CROSS_ATTENTION, case([0.0, 1.0]))

    assert agree([[np.log(3.0) / 2.0], [3.0 * np.log(3.0) / 4.0]], found)


def test_a_masked_member_gives_nothing() -> None:
    mask = np.array([True, False])

    assert agree([[0.0]], right(CROSS_ATTENTION, case([1.0], mask=mask)))


def test_a_reader_that_sees_no_member_behind_its_place_is_caught() -> None:
    assert verdicts("cross-attention-causal") == {
        "cross-attention-readers": Verdict.FAILED
    }
