from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import split_heads
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1, 4), sizes(1, 4))
def test_a_head_is_a_run_of_consecutive_components(
    rng: np.random.Generator, heads: int, width: int
) -> None:
    x = rng.normal(size=(2, 3, heads * width))
    actual = split_heads(x, heads)

    for head in range(heads):
        expected = x[:, :, head * width : (head + 1) * width]
        assert np.array_equal(expected, actual[:, head])


@pytest.mark.parametrize("heads", [0, -1, 4])
def test_heads_divide_the_width(heads: int) -> None:
    words = f"heads: expected (1 or more|a divisor of the width 6), got {heads}"
    with pytest.raises(InvalidArgument, match=words):
        split_heads(np.zeros((1, 2, 6)), heads)
