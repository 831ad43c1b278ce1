from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.normalizers.sigmoid import SIGMOID
from tests.kinds._by_hand import agree, case_of, right, verdicts

LOG_3 = math.log(3.0)


def test_a_weight_is_the_logistic_function_of_its_score() -> None:
    # 1 / (1 + 1), 1 / (1 + 1 / 3) and 1 / (1 + 3).
    case = case_of((3,), {"scores": np.array([0.0, LOG_3, -LOG_3])})

    assert agree([0.5, 0.75, 0.25], right(SIGMOID, case))


def test_an_offset_is_added_to_every_score() -> None:
    case = case_of((2,), {"scores": np.array([0.0, -LOG_3])}, offset=LOG_3)

    assert agree([0.75, 0.5], right(SIGMOID, case))


def test_an_offset_that_is_not_given_may_be_minus_the_logarithm_of_the_length() -> None:
    # 1 / (1 + 3), whether or not the keys are visible.
    case = case_of((3,), {"scores": np.zeros(3)}, mask=np.array([True, True, False]))
    found = right(SIGMOID, case, default_offset="minus_log_length")

    assert agree([0.5, 0.5, 0.0], right(SIGMOID, case))
    assert agree([0.25, 0.25, 0.0], found)


def test_weights_that_are_divided_by_their_sum_are_caught() -> None:
    assert verdicts("sigmoid-normalized") == {"sigmoid-alone": Verdict.FAILED}
