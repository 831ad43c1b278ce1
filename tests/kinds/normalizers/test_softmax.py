from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.normalizers.softmax import SOFTMAX
from tests.kinds._by_hand import agree, case_of, right, verdicts

LOG_3 = math.log(3.0)


def test_weights_stand_to_each_other_as_exponentials() -> None:
    # The exponentials are 1 and 3.
    case = case_of((2,), {"scores": np.array([0.0, LOG_3])})

    assert agree([0.25, 0.75], right(SOFTMAX, case))


def test_a_temperature_divides_the_scores() -> None:
    case = case_of((2,), {"scores": np.array([0.0, 2.0 * LOG_3])}, temperature=2.0)

    assert agree([0.25, 0.75], right(SOFTMAX, case))


def test_a_sink_takes_the_share_of_one_more_key() -> None:
    case = case_of((3,), {"scores": np.zeros(3)}, sink=0.0)

    assert agree([0.25, 0.25, 0.25], right(SOFTMAX, case))


def test_a_row_without_a_visible_key_is_zero_nan_or_the_mean() -> None:
    hidden = np.zeros(4, dtype=np.bool_)
    case = case_of((4,), {"scores": np.arange(4.0)}, mask=hidden)

    assert agree([0.0] * 4, right(SOFTMAX, case))
    assert agree([0.25] * 4, right(SOFTMAX, case, empty_row="mean"))
    assert np.isnan(right(SOFTMAX, case, empty_row="nan").output).all()


def test_a_softmax_that_subtracts_no_peak_is_caught() -> None:
    assert verdicts("softmax-no-peak") == {"softmax-agreement": Verdict.FAILED}
