from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.recurrence.delta_rule import DELTA_RULE
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(rate: float, **options: Any) -> Case:
    """Two steps with one key, and the values 3 and 5; each asks with its own key."""
    shape = (1, 1, 2, 1)
    return case_of(
        shape,
        {
            "query": np.ones(shape),
            "key": np.ones(shape),
            "value": np.reshape([3.0, 5.0], shape),
            "rate": np.full(shape[:-1], rate),
        },
        **options,
    )


def test_at_rate_one_a_key_is_answered_with_its_newest_value() -> None:
    assert agree([[[[3.0], [5.0]]]], right(DELTA_RULE, case(1.0)))


def test_at_half_the_rate_an_answer_moves_half_the_way() -> None:
    # From 0 halfway to 3 is 1.5; from there halfway to 5 is 3.25.
    assert agree([[[[1.5], [3.25]]]], right(DELTA_RULE, case(0.5)))


def test_the_state_fades_before_it_is_asked_what_it_holds() -> None:
    # 1.5 fades to 0.75, and halfway from there to 5 is 2.875.
    half = np.full((1, 1, 2, 1), 0.5)

    assert agree([[[[1.5], [2.875]]]], right(DELTA_RULE, case(0.5, decay=half)))


def test_values_that_are_only_added_are_caught() -> None:
    assert verdicts("delta-only-added") == {"delta-rule-answer": Verdict.FAILED}


def test_a_state_kept_in_bfloat16_is_caught() -> None:
    law = "delta-rule-agreement"

    assert verdicts("delta-state-in-bfloat16") == {law: Verdict.FAILED}
