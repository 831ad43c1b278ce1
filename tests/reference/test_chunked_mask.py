from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import chunked
from attnspec.reference.masks import causal

LENGTHS = st.integers(1, 12)


@given(LENGTHS, st.integers(1, 14), st.integers(0, 20))
def test_each_chunk_is_causal_by_itself(length: int, size: int, start: int) -> None:
    places = np.arange(length)
    mask = chunked(places, places, size, start=start)

    for query in places:
        own = [
            j
            for j in range(query + 1)
            if (j - start) // size == (query - start) // size
        ]
        assert np.flatnonzero(mask[query]).tolist() == own


@given(LENGTHS, st.integers(1, 14), st.integers(0, 20))
def test_chunks_repeat(length: int, size: int, start: int) -> None:
    places = np.arange(length)
    mask = chunked(places, places, size, start=start)

    assert np.array_equal(mask, chunked(places, places, size, start=start + size))
    assert np.array_equal(
        mask, chunked(places + size, places + size, size, start=start)
    )


@given(LENGTHS)
def test_one_chunk_is_causal_and_chunks_of_one_are_alone(length: int) -> None:
    places = np.arange(length)

    assert np.array_equal(chunked(places, places, length), causal(places, places))
    assert np.array_equal(chunked(places, places, 1), np.eye(length, dtype=bool))


def test_a_chunk_has_a_position() -> None:
    with pytest.raises(InvalidArgument, match="size: expected 1 or more, got 0"):
        chunked(np.arange(2), np.arange(2), 0)
