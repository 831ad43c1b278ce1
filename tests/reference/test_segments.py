"""Segments say where sequences lie; what they cannot say is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.reference.segments import Segment, attend_segments

X = np.zeros((1, 1, 3, 1))
ALL = slice(0, 3)


def test_a_query_of_no_segment_is_answered_with_zero() -> None:
    output, lse = attend_segments(X, X, X + 1, [Segment(0, slice(1, 2), ALL)])

    assert output.ravel().tolist() == [0.0, 1.0, 0.0]
    assert lse.ravel().tolist() == [-np.inf, np.log(3), -np.inf]


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ([(1, ALL, ALL)], r"segments\[0\]: expected queries of its own, within 1 elem"),
        ([(-1, ALL, ALL)], r"segments\[0\]: .* got Segment\(batch=-1"),
        ([(0, slice(0, 4), ALL)], "within 1 elements of 3 queries and 3 keys, got"),
        ([(0, ALL, slice(0, 4))], "within 1 elements of 3 queries and 3 keys, got"),
        ([(0, ALL, ALL), (0, slice(2, 3), ALL)], r"segments\[1\]: expected queries of"),
        ([(0, slice(2, 1), ALL)], r"segments\[0\].queries: expected slice\(start, sto"),
        ([(0, slice(0, 3, 2), ALL)], r"expected .* got slice\(0, 3, 2\)"),
        ([(0, ALL, slice(3))], r"segments\[0\].keys.start: expected an integer, got N"),
        ([(0, ALL, 3)], r"segments\[0\].keys: expected slice\(start, stop\) .* got 3"),
    ],
)
def test_segments_that_cannot_be_are_refused(
    segments: list[tuple[Any, Any, Any]], said: str
) -> None:
    with pytest.raises(InvalidArgument, match=said):
        attend_segments(X, X, X, [Segment(*each) for each in segments])
