from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.windows.neighborhood import NEIGHBORHOOD
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(size: int) -> Case:
    """Four positions with equal scores: the output is the mean of what is seen."""
    shape = (1, 1, 4, 1)
    return case_of(
        shape,
        {
            "query": np.zeros(shape),
            "key": np.ones(shape),
            "value": np.reshape([0.0, 3.0, 6.0, 9.0], shape),
            "kernel_size": size,
        },
    )


def test_a_window_moves_inside_at_the_borders() -> None:
    # The means of {0, 3, 6}, twice, and of {3, 6, 9}, twice.
    assert agree([[[[3.0], [3.0], [6.0], [6.0]]]], right(NEIGHBORHOOD, case(3)))


def test_an_even_window_reaches_further_to_the_left() -> None:
    # The means of {0, 3}, twice, of {3, 6} and of {6, 9}.
    assert agree([[[[1.5], [1.5], [4.5], [7.5]]]], right(NEIGHBORHOOD, case(2)))


def test_an_even_window_may_hold_one_more_key() -> None:
    found = right(NEIGHBORHOOD, case(2), even_size="one_more_key")

    assert agree([[[[3.0], [3.0], [6.0], [6.0]]]], found)


def test_a_window_that_is_cut_at_the_borders_is_caught() -> None:
    assert verdicts("neighborhood-clipped") == {"neighborhood-size": Verdict.FAILED}
