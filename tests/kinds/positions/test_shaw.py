from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.shaw import SHAW
from tests.kinds._by_hand import agree, case_of, right, verdicts

LOG_3 = math.log(3.0)
TWO_KEYS = {
    "query": np.zeros((1, 1, 1)),
    "key": np.zeros((1, 2, 1)),
    "value": np.array([[[1.0], [3.0]]]),
    "key_distances": np.array([[LOG_3], [0.0], [0.0]]),
    "value_distances": np.array([[10.0], [0.0], [20.0]]),
}
"""One query at the second of two keys: their distances are -1 and 0."""


def test_values_have_a_vector_added_for_their_distance() -> None:
    # A query of zero hears both alike: (1 + 10 + 3 + 0) / 2.
    assert agree([[[7.0]]], right(SHAW, case_of((1, 1, 1), TWO_KEYS)))


def test_keys_have_a_vector_added_for_their_distance() -> None:
    # The scores are log 3 and 0, the weights 3/4 and 1/4: 0.75 * 11 + 0.25 * 3.
    case = case_of((1, 1, 1), TWO_KEYS).replace(query=np.ones((1, 1, 1)))

    assert agree([[[9.0]]], right(SHAW, case))


def test_the_tables_may_begin_on_the_right() -> None:
    # The distance -1 has the last row: (1 + 20 + 3) / 2.
    case = case_of((1, 1, 1), TWO_KEYS)

    assert agree([[[12.0]]], right(SHAW, case, rows="right_first"))


def test_distances_beyond_the_tables_that_have_no_vector_are_caught() -> None:
    assert verdicts("shaw-fading") == {"shaw-constant": Verdict.FAILED}
