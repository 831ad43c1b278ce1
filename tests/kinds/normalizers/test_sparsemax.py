from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.normalizers.sparsemax import SPARSEMAX
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_the_scores_above_the_threshold_share_a_weight_of_one() -> None:
    # (1 + 0.5 - 1) / 2 = 0.25 is subtracted, and -0.5 is below it.
    case = case_of((3,), {"scores": np.array([1.0, 0.5, -0.5])})

    assert agree([0.75, 0.25, 0.0], right(SPARSEMAX, case))


def test_a_key_that_is_one_below_the_best_has_no_weight() -> None:
    case = case_of((2,), {"scores": np.array([7.0, 6.0])})

    assert agree([1.0, 0.0], right(SPARSEMAX, case))


def test_a_key_far_below_the_threshold_may_not_be_off_at_all() -> None:
    found = right(SPARSEMAX, case_of((2,), {"scores": np.array([7.0, -7.0])}))
    subnormal = np.finfo(np.float64).tiny

    assert found.bound[1] <= subnormal < found.bound[0]


def test_weights_that_are_left_negative_are_caught() -> None:
    assert verdicts("sparsemax-uncut") == {"sparsemax-convex": Verdict.FAILED}
