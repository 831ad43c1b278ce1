from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.convolution.convolution_2d import CONVOLUTION_2D
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(kernel: list[list[float]], **options: Any) -> Case:
    """An image of two rows, 1 2 and 3 4, with one channel."""
    return case_of(
        (2, 2, 1),
        {
            "image": np.reshape([1.0, 2.0, 3.0, 4.0], (2, 2, 1)),
            "kernel": np.array(kernel)[..., None, None],
        },
        **options,
    )


def test_a_row_of_taps_reads_along_the_row() -> None:
    # Ten times the pixel to the left, and the own one; no edge reads another row.
    found = right(CONVOLUTION_2D, case([[10.0, 1.0]]))

    assert agree([[[1.0], [12.0]], [[3.0], [34.0]]], found)


def test_a_column_of_taps_reads_down_the_column() -> None:
    found = right(CONVOLUTION_2D, case([[10.0], [1.0]]))

    assert agree([[[1.0], [2.0]], [[13.0], [24.0]]], found)


def test_the_border_may_repeat_the_first_row() -> None:
    found = right(CONVOLUTION_2D, case([[10.0], [1.0]], border="clip"))

    assert agree([[[11.0], [22.0]], [[13.0], [24.0]]], found)


def test_an_edge_that_reads_the_next_row_is_caught() -> None:
    assert verdicts("image-flat") == {"convolution-2d-rows": Verdict.FAILED}
