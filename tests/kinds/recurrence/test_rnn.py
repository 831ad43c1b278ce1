from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.recurrence.rnn import RNN
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(**options: Any) -> Case:
    """Two inputs of 0; a state is the tanh of half the state before."""
    return case_of(
        (2, 1),
        {
            "x": np.zeros((2, 1)),
            "by_input": np.ones((1, 1)),
            "by_state": np.full((1, 1), 0.5),
            "bias": np.zeros(1),
        },
        **options,
    )


def test_nothing_comes_of_nothing() -> None:
    assert agree([[0.0], [0.0]], right(RNN, case()))


def test_a_state_is_the_tanh_of_what_is_left_of_the_one_before() -> None:
    # tanh x is y where x is log((1 + y) / (1 - y)) / 2: log(3) / 2 leads to 1/2.
    start = np.array([np.log(3.0)])
    found = right(RNN, case(state=start))

    assert agree([[0.5], [np.tanh(0.25)]], found)


def test_a_state_that_is_dropped_is_caught() -> None:
    assert verdicts("rnn-state-dropped") == {"rnn-state": Verdict.FAILED}
