from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.convolution.distance_attention import DISTANCE_ATTENTION
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(**options: Any) -> Case:
    """The values 0, 4 and 8; the step before and the own one score alike."""
    return case_of(
        (3, 1),
        {
            "scores": np.zeros(2),
            "value": np.reshape([0.0, 4.0, 8.0], (3, 1)),
            "left": 1,
        },
        **options,
    )


def test_weights_sum_to_one_at_the_border_as_well() -> None:
    # The means of {0}, of {0, 4} and of {4, 8}: nothing is lost before the first.
    assert agree([[0.0], [2.0], [6.0]], right(DISTANCE_ATTENTION, case()))


def test_a_sink_takes_a_share_of_every_row() -> None:
    # One more score of 0 that has no value: 4 / 3 and 12 / 3.
    found = right(DISTANCE_ATTENTION, case(sink=0.0))

    assert agree([[0.0], [4.0 / 3.0], [4.0]], found)


def test_a_kernel_that_is_normalized_once_is_caught() -> None:
    assert verdicts("distances-not-renormalized") == {
        "distance-attention-constant": Verdict.FAILED
    }
