from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import sink_window
from attnspec.reference.masks import causal, window

COUNTS = st.integers(0, 12)


@given(st.integers(1, 12), COUNTS, COUNTS)
def test_a_query_sees_the_first_tokens_and_its_window(
    length: int, sinks: int, left: int
) -> None:
    places = np.arange(length)
    mask = sink_window(places, places, sinks, left)

    for query in places:
        own = [j for j in range(query + 1) if j < sinks or j >= query - left]
        assert np.flatnonzero(mask[query]).tolist() == own


@given(st.integers(1, 12), COUNTS, COUNTS)
def test_no_sinks_leave_the_window_and_a_wide_window_all(
    length: int, sinks: int, left: int
) -> None:
    places = np.arange(length)

    expected = window(places, places, left, 0)
    assert np.array_equal(sink_window(places, places, 0, left), expected)
    assert np.array_equal(
        sink_window(places, places, sinks, 12), causal(places, places)
    )


@pytest.mark.parametrize(("sinks", "left"), [(-1, 0), (0, -1)])
def test_no_number_is_negative(sinks: int, left: int) -> None:
    with pytest.raises(InvalidArgument, match="expected 0 or more, got -1"):
        sink_window(np.arange(2), np.arange(2), sinks, left)
