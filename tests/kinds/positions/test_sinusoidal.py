from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.sinusoidal import SINUSOIDAL
from tests.kinds._by_hand import agree, case_of, right, verdicts

CASE = case_of((2, 4), {"positions": np.array([0, 1]), "width": 4})


def test_a_pair_is_the_sine_and_the_cosine_of_position_times_frequency() -> None:
    # The frequencies of two pairs are 1 and 10,000 to the -2/4.
    first = [0.0, 1.0, 0.0, 1.0]
    second = [math.sin(1.0), math.cos(1.0), math.sin(0.01), math.cos(0.01)]

    assert agree([first, second], right(SINUSOIDAL, CASE))


def test_all_sines_may_come_before_all_cosines() -> None:
    first = [0.0, 0.0, 1.0, 1.0]
    second = [math.sin(1.0), math.sin(0.01), math.cos(1.0), math.cos(0.01)]

    assert agree([first, second], right(SINUSOIDAL, CASE, layout="halves"))


def test_the_last_frequency_may_be_one_over_the_base() -> None:
    first = [0.0, 1.0, 0.0, 1.0]
    second = [math.sin(1.0), math.cos(1.0), math.sin(0.0625), math.cos(0.0625)]
    found = right(SINUSOIDAL, CASE.replace(base=16.0), frequencies="to_base")

    assert agree([first, second], found)


def test_cosines_in_the_place_of_sines_are_caught() -> None:
    assert verdicts("sinusoidal-cosines-first") == {
        "sinusoidal-agreement": Verdict.FAILED
    }


def test_all_cosines_may_come_before_all_sines() -> None:
    first = [1.0, 1.0, 0.0, 0.0]
    second = [math.cos(1.0), math.cos(0.01), math.sin(1.0), math.sin(0.01)]

    assert agree([first, second], right(SINUSOIDAL, CASE, layout="cosine_half_first"))
