from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.relevance.bilinear import BILINEAR
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_a_score_is_the_query_times_the_matrix_times_the_key() -> None:
    # The query times the matrix is 1 + 2 * 3 = 7.
    operands = {
        "query": np.array([[1.0, 2.0]]),
        "key": np.array([[10.0], [-1.0]]),
        "weight": np.array([[1.0], [3.0]]),
    }

    assert agree([[70.0, -7.0]], right(BILINEAR, case_of((1, 2), operands)))


def test_the_identity_makes_it_a_dot_product() -> None:
    # 1 * 3 + 2 * 4.
    operands = {
        "query": np.array([[1.0, 2.0]]),
        "key": np.array([[3.0, 4.0]]),
        "weight": np.eye(2),
    }

    assert agree([[11.0]], right(BILINEAR, case_of((1, 1), operands)))


def test_scores_that_are_scaled_are_caught() -> None:
    assert verdicts("bilinear-scaled") == {"bilinear-identity": Verdict.FAILED}
