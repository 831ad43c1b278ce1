from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import prefix
from attnspec.reference.masks import causal, positions
from tests.reference._masks import table
from tests.reference._problems import sizes


@given(sizes(), sizes(), sizes(0, 12))
def test_a_prefix_is_seen_by_all_and_the_rest_is_causal(
    queries: int, keys: int, length: int
) -> None:
    at = positions(queries, keys)
    actual = prefix(at, np.arange(keys), length)

    assert np.array_equal(
        table(queries, keys, lambda i, j: j < length or j <= at[i]), actual
    )


@given(sizes(), sizes())
def test_a_prefix_of_nothing_is_causal(queries: int, keys: int) -> None:
    at = positions(queries, keys), np.arange(keys)

    assert np.array_equal(causal(*at), prefix(*at, 0))


def test_no_prefix_is_shorter_than_nothing() -> None:
    at = np.arange(3)

    with pytest.raises(InvalidArgument, match="length: expected 0 or more, got -1"):
        prefix(at, at, -1)
