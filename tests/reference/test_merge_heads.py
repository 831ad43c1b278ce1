from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import merge_heads, split_heads
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1, 4), sizes(), sizes(1, 4))
def test_merging_undoes_splitting(
    rng: np.random.Generator, heads: int, length: int, width: int
) -> None:
    x = rng.normal(size=(2, length, heads * width))

    assert np.array_equal(x, merge_heads(split_heads(x, heads)))
