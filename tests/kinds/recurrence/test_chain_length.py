from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.recurrence.chain_length import CHAIN_LENGTH
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(reads: list[list[int]]) -> Case:
    return case_of((), {"reads": np.array(reads, np.bool_)})


def test_steps_that_read_nothing_are_one_after_no_other() -> None:
    assert agree(1.0, right(CHAIN_LENGTH, case([[0, 0], [0, 0]])))


def test_a_step_that_is_read_through_another_counts_once() -> None:
    # The third reads the second, which reads the first; that it reads the first, too,
    # takes no longer.
    chain = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    shortcut = [[0, 0, 0], [1, 0, 0], [1, 1, 0]]

    assert agree(3.0, right(CHAIN_LENGTH, case(chain)))
    assert agree(3.0, right(CHAIN_LENGTH, case(shortcut)))


def test_counting_what_one_step_reads_is_caught() -> None:
    assert verdicts("chain-widest") == {"chain-length-indirect": Verdict.FAILED}
