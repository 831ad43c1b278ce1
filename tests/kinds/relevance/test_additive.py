from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.relevance.additive import ADDITIVE
from tests.kinds._by_hand import agree, case_of, right, verdicts

ONE = np.ones((1, 1))
REST = {"query_weight": ONE, "key_weight": ONE, "vector": np.array([2.0])}


def test_a_score_is_the_vector_times_the_bent_sum() -> None:
    # tanh(log 2) is (2 - 1/2) / (2 + 1/2) = 3/5.
    query, key = np.array([[math.log(2.0)]]), np.array([[0.0], [-math.log(2.0)]])
    case = case_of((1, 2), {"query": query, "key": key, **REST})

    assert agree([[1.2, 0.0]], right(ADDITIVE, case))


def test_no_score_leaves_the_sum_of_the_vector() -> None:
    query, key = np.array([[800.0]]), np.array([[800.0], [-1600.0]])
    case = case_of((1, 2), {"query": query, "key": key, **REST})

    assert agree([[2.0, -2.0]], right(ADDITIVE, case))


def test_the_projections_bring_different_widths_together() -> None:
    # (3 - 4 + 1) is 0 and tanh(0), too.
    operands = {
        "query": np.array([[3.0, 4.0]]),
        "key": np.array([[1.0]]),
        "query_weight": np.array([[1.0], [-1.0]]),
        "key_weight": ONE,
        "vector": np.array([5.0]),
    }

    assert agree([[0.0]], right(ADDITIVE, case_of((1, 1), operands)))


def test_a_sum_that_is_not_bent_is_caught() -> None:
    assert verdicts("additive-straight") == {"additive-bounded": Verdict.FAILED}
