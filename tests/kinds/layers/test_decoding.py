from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.decoding import DECODING
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(stop: int) -> Case:
    """Three tokens in a ring: the logits of each are largest at the next one.

    No matrix reads anything, so a token decides alone which one comes next.
    """
    return case_of(
        (4,),
        {
            "memory": np.zeros((1, 3)),
            "embedding": np.eye(3),
            "positions": np.zeros((5, 3)),
            "own": np.zeros((3, 3, 3)),
            "source": np.zeros((3, 3, 3)),
            "output": np.roll(np.eye(3), 1, axis=1),
            "start": 0,
            "stop": stop,
            "limit": 4,
        },
    )


def test_the_likeliest_token_is_written_up_to_the_limit() -> None:
    # After 0 comes 1, and so on round the ring; no token is -1.
    assert agree([1.0, 2.0, 0.0, 1.0], right(DECODING, case(-1)))


def test_behind_the_stop_token_stands_the_stop_token() -> None:
    assert agree([1.0, 2.0, 2.0, 2.0], right(DECODING, case(2)))


def test_a_cache_that_keeps_two_tokens_is_caught() -> None:
    assert verdicts("decoding-cache-newest") == {"decoding-cache": Verdict.FAILED}
