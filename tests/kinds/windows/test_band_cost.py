from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.windows.band_cost import BAND_COST
from tests.kinds._by_hand import agree, case_of, right, verdicts

CASE = case_of((3,), {"queries": 3, "keys": 5, "left": 1, "right": 1})


def test_aligned_below_the_last_window_is_cut() -> None:
    # Queries stand at 2, 3 and 4; the window of the last one ends with its own key.
    assert agree([3.0, 3.0, 2.0], right(BAND_COST, CASE))


def test_aligned_above_the_first_window_is_cut() -> None:
    # Queries stand at 0, 1 and 2; the window of the first one begins with its own key.
    found = right(BAND_COST, CASE, alignment="upper_left")

    assert agree([2.0, 3.0, 3.0], found)


def test_scores_that_are_computed_and_hidden_are_caught() -> None:
    assert verdicts("band-cost-whole") == {"band-cost-linear": Verdict.FAILED}
