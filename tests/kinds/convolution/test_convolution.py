from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.convolution.convolution import CONVOLUTION
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(**options: Any) -> Case:
    """The steps 1, 2 and 3 under two taps, 10 and 1."""
    return case_of(
        (3, 1),
        {
            "x": np.reshape([1.0, 2.0, 3.0], (3, 1)),
            "kernel": np.reshape([10.0, 1.0], (2, 1, 1)),
        },
        **options,
    )


def test_half_of_the_taps_lie_before_the_own_step() -> None:
    # Ten times the step before, and the own one; before the first is nothing.
    assert agree([[1.0], [12.0], [23.0]], right(CONVOLUTION, case()))


def test_the_border_may_repeat_the_first_step() -> None:
    assert agree([[11.0], [12.0], [23.0]], right(CONVOLUTION, case(border="clip")))


def test_the_same_padding_puts_an_even_kernel_one_step_later() -> None:
    # No tap before the own step: ten times the own, and the next one.
    found = right(CONVOLUTION, case(), place="same")

    assert agree([[12.0], [23.0], [30.0]], found)


def test_a_reversed_kernel_is_caught() -> None:
    assert verdicts("convolution-reversed") == {"convolution-agreement": Verdict.FAILED}
