from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.windows.sink_window_mask import SINK_WINDOW_MASK
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_the_first_key_stays_while_the_window_moves_on() -> None:
    case = case_of((4, 4), {"queries": 4, "keys": 4, "sinks": 1, "size": 1})

    by_hand = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 1]]
    assert agree(by_hand, right(SINK_WINDOW_MASK, case))


def test_a_size_may_count_the_own_key() -> None:
    case = case_of((1, 4), {"queries": 1, "keys": 4, "sinks": 1, "size": 2})

    assert agree([[1, 1, 1, 1]], right(SINK_WINDOW_MASK, case))
    assert agree([[1, 0, 1, 1]], right(SINK_WINDOW_MASK, case, unit="keys_with_own"))


def test_sinks_that_take_places_of_the_window_are_caught() -> None:
    assert verdicts("sink-window-mask-of-the-window") == {
        "sink-window-mask-apart": Verdict.FAILED
    }
