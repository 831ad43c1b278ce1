from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.recurrence.normalized_linear import NORMALIZED_LINEAR
from tests.kinds._by_hand import agree, asked_with_one, right, verdicts


def case(key: list[float]) -> Case:
    """Two steps that ask with 1, and whose values are 0 and 8."""
    return asked_with_one(key, [0.0, 8.0])


def test_equal_keys_take_the_mean_of_the_past() -> None:
    assert agree([[[[0.0], [4.0]]]], right(NORMALIZED_LINEAR, case([1.0, 1.0])))


def test_a_key_three_times_as_long_weighs_three_times_as_much() -> None:
    # (1 * 0 + 3 * 8) / (1 + 3) is 6.
    assert agree([[[[0.0], [6.0]]]], right(NORMALIZED_LINEAR, case([1.0, 3.0])))


def test_dividing_by_the_number_of_steps_is_caught() -> None:
    assert verdicts("normalized-counted") == {"normalized-linear-scale": Verdict.FAILED}
