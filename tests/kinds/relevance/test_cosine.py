from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.relevance.cosine import COSINE
from tests.kinds._by_hand import agree, case_of, right, verdicts

KEY = np.array([[1.0, 0.0], [0.0, 2.0], [-6.0, -8.0], [0.0, 0.0]])
CASE = case_of((1, 4), {"query": np.array([[3.0, 4.0]]), "key": KEY})


def test_a_score_is_the_dot_product_over_both_lengths() -> None:
    # 3 / 5, 8 / (5 * 2), -50 / (5 * 10); the last key has no direction.
    assert agree([[0.6, 0.8, -1.0, 0.0]], right(COSINE, CASE))


def test_a_vector_of_zeros_may_have_no_score() -> None:
    found = right(COSINE, CASE, zero_vector="nan").output

    assert np.isnan(found[0]).tolist() == [False, False, False, True]


def test_a_division_by_a_length_of_zero_is_caught() -> None:
    assert verdicts("cosine-unguarded") == {"cosine-zero": Verdict.FAILED}
