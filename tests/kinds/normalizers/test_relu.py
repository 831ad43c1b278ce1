from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.normalizers.relu import RELU
from tests.kinds._by_hand import agree, case_of, right, verdicts

SCORES = np.array([3.0, -1.0, 6.0, 9.0])
CASE = case_of((4,), {"scores": SCORES}, mask=np.arange(4) < 3)


def test_a_weight_is_the_positive_score_over_the_number_of_visible_keys() -> None:
    assert agree([1.0, 0.0, 2.0, 0.0], right(RELU, CASE))


def test_the_divisor_may_be_the_number_of_all_keys() -> None:
    assert agree([0.75, 0.0, 1.5, 0.0], right(RELU, CASE, divisor="length"))


def test_a_power_of_zero_divides_by_nothing() -> None:
    assert agree([3.0, 0.0, 6.0, 0.0], right(RELU, CASE.replace(power=0.0)))


def test_hidden_keys_that_are_counted_are_caught() -> None:
    assert verdicts("relu-by-length") == {"relu-padding": Verdict.FAILED}
