from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import relative_shift
from tests.reference._problems import Array, distances, generators, sizes


def published_shift(x: Array) -> Array:
    """Pad, reshape and slice, as the authors do; rows run on into each other."""
    queries, keys = x.shape
    padded = np.concatenate([np.zeros((queries, 1)), x], axis=1)
    return padded.reshape(keys + 1, queries)[1:].reshape(queries, keys)


@given(generators(), sizes(1), sizes(0, 9))
def test_the_shift_of_the_authors_is_ours_wherever_a_causal_mask_looks(
    rng: np.random.Generator, queries: int, memory: int
) -> None:
    x = rng.normal(size=(queries, queries + memory))
    seen = distances(*x.shape) <= 0

    assert np.array_equal(relative_shift(x)[seen], published_shift(x)[seen])
