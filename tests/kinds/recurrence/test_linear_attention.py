from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.recurrence.linear_attention import LINEAR_ATTENTION
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(**options: Any) -> Case:
    """Two steps with queries and keys of ones; values 3 and 5."""
    ones = np.ones((1, 1, 2, 4))
    value = np.reshape([3.0, 5.0], (1, 1, 2, 1))
    shape = (1, 1, 2, 1)
    return case_of(shape, {"query": ones, "key": ones, "value": value}, **options)


def test_an_output_is_a_sum_of_values_and_no_mean() -> None:
    # Each dot product is 4: 4 * 3, and 4 * 3 + 4 * 5.
    assert agree([[[[12.0], [32.0]]]], right(LINEAR_ATTENTION, case()))


def test_a_step_is_read_after_its_own_decay() -> None:
    # 4 * 3 is halved before 4 * 5 comes; the decay of the first step meets nothing.
    half = np.full((1, 1, 2, 1), 0.5)

    assert agree([[[[12.0], [26.0]]]], right(LINEAR_ATTENTION, case(decay=half)))


def test_a_function_may_divide_by_the_root_of_the_width() -> None:
    found = right(LINEAR_ATTENTION, case(), scale="inverse_root")

    assert agree([[[[6.0], [16.0]]]], found)


def test_asking_before_the_token_is_read_is_caught() -> None:
    assert verdicts("linear-unread") == {"linear-attention-first": Verdict.FAILED}


def test_a_scale_of_zero_is_a_factor_or_stands_for_the_default() -> None:
    found = right(LINEAR_ATTENTION, case(scale=0.0))
    default = {"scale": "inverse_root", "zero_scale": "default"}

    assert agree([[[[0.0], [0.0]]]], found)
    assert agree(
        [[[[6.0], [16.0]]]], right(LINEAR_ATTENTION, case(scale=0.0), **default)
    )


def test_a_state_kept_in_bfloat16_is_caught() -> None:
    law = "linear-attention-agreement"

    assert verdicts("linear-state-in-bfloat16") == {law: Verdict.FAILED}


def test_a_step_lost_between_chunks_of_64_is_caught() -> None:
    law = "linear-attention-agreement"

    assert verdicts("linear-chunk-of-64-lost") == {law: Verdict.FAILED}
