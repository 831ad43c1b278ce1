from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import dilated
from attnspec.reference.masks import positions
from tests.reference._masks import table
from tests.reference._problems import sizes


@given(sizes(), sizes(), sizes(1, 5))
def test_a_dilated_query_sees_every_so_manyth_key_from_its_own(
    queries: int, keys: int, dilation: int
) -> None:
    at = positions(queries, keys)
    actual = dilated(at, np.arange(keys), dilation)

    assert np.array_equal(
        table(queries, keys, lambda i, j: (j - at[i]) % dilation == 0), actual
    )


@given(sizes(1, 5), sizes(0, 4), sizes(1, 4))
def test_a_dilated_window_is_as_wide_as_its_keys_times_the_dilation(
    size: int, reach: int, dilation: int
) -> None:
    wide = reach * dilation
    at = np.arange(wide, wide + size)
    keys = np.arange(size + 2 * wide)
    near = np.abs(keys - at[:, None]) <= wide
    actual = dilated(at, keys, dilation) & near

    assert np.array_equal(np.full(size, 2 * reach + 1), actual.sum(axis=1))


def test_a_dilation_is_one_or_more() -> None:
    at = np.arange(3)

    with pytest.raises(InvalidArgument, match="dilation: expected 1 or more, got 0"):
        dilated(at, at, 0)
