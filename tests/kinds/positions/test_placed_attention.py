from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.placed_attention import PLACED_ATTENTION
from tests.kinds._by_hand import agree, case_of, right, verdicts

NONE, ONE = np.zeros((1, 1)), np.ones((1, 1))


def test_one_vector_gives_its_value_with_its_place_added() -> None:
    # (1 + 10) + (2 + 20).
    operands = {
        "vectors": np.array([[1.0, 2.0]]),
        "encoding": np.array([[10.0, 20.0]]),
        "query_weights": np.eye(2),
        "key_weights": np.eye(2),
        "value_weights": np.ones((2, 1)),
    }

    assert agree([[33.0]], right(PLACED_ATTENTION, case_of((1, 1), operands)))


def test_places_decide_who_is_heard() -> None:
    # All vectors are 1. The queries are 1 + 0 and 1 + log 3 - 1; keys are the same, so
    # the scores of the first are 1 and log 3, of which the exponentials are e and 3.
    log_3 = math.log(3.0)
    operands = {
        "vectors": np.ones((2, 1)),
        "encoding": np.array([[0.0], [log_3 - 1.0]]),
        "query_weights": ONE,
        "key_weights": ONE,
        "value_weights": ONE,
    }
    share = 3.0 / (math.e + 3.0)
    found = right(PLACED_ATTENTION, case_of((2, 1), operands))

    assert abs((1.0 - share) + share * log_3 - found.output[0, 0]) <= found.bound[0, 0]


def test_without_queries_all_answers_are_the_mean_of_placed_values() -> None:
    # (1 + 10 + 3 + 20) / 2.
    operands = {
        "vectors": np.array([[1.0], [3.0]]),
        "encoding": np.array([[10.0], [20.0]]),
        "query_weights": NONE,
        "key_weights": ONE,
        "value_weights": ONE,
    }

    assert agree([[17.0], [17.0]], right(PLACED_ATTENTION, case_of((2, 1), operands)))


def test_values_without_their_places_are_caught() -> None:
    assert verdicts("placed-attention-values-unplaced") == {
        "placed-attention-sum": Verdict.FAILED
    }
