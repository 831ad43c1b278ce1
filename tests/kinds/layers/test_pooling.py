from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.pooling import POOLING
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(query: float, **options: Any) -> Case:
    """Three members with the keys 0, 0 and log 2 and the values 0, 4 and 8."""
    return case_of(
        (1,),
        {
            "query": np.array([query]),
            "key": np.reshape([0.0, 0.0, np.log(2.0)], (3, 1)),
            "value": np.reshape([0.0, 4.0, 8.0], (3, 1)),
        },
        **options,
    )


def test_a_query_of_zero_takes_the_mean() -> None:
    assert agree([4.0], right(POOLING, case(0.0)))


def test_weights_are_the_softmax_of_the_scores() -> None:
    # 1/4, 1/4 and 2/4: 1 + 4.
    assert agree([5.0], right(POOLING, case(1.0)))


def test_padding_has_no_share() -> None:
    mask = np.array([True, True, False])

    assert agree([2.0], right(POOLING, case(1.0, mask=mask)))


def test_padding_that_counts_in_the_mean_is_caught() -> None:
    assert verdicts("pooling-by-all") == {"pooling-mean": Verdict.FAILED}
