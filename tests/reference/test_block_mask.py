from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import blocks
from tests.reference._masks import table
from tests.reference._problems import generators, sizes


@given(generators(), sizes(), sizes(), sizes(1, 4), sizes(1, 4))
def test_a_block_of_queries_sees_the_blocks_that_the_layout_shows(
    rng: np.random.Generator, queries: int, keys: int, rows: int, columns: int
) -> None:
    layout = rng.random((-(-queries // rows), -(-keys // columns))) < 0.5
    actual = blocks(layout, rows, columns, queries=queries, keys=keys)
    expected = table(queries, keys, lambda i, j: layout[i // rows, j // columns])

    assert np.array_equal(expected, actual)


@given(sizes(), sizes())
def test_blocks_of_one_pair_are_the_layout(queries: int, keys: int) -> None:
    layout = np.tri(queries, keys, dtype=bool)

    assert np.array_equal(layout, blocks(layout, 1, 1, queries=queries, keys=keys))


def test_blocks_have_tokens_and_a_layout_of_their_number() -> None:
    bare, layout = blocks, np.ones((1, 2), dtype=bool)

    with pytest.raises(InvalidArgument, match="rows: expected 1 or more, got 0"):
        bare(layout, 0, 1, queries=1, keys=2)
    with pytest.raises(InvalidArgument, match=r"layout: expected shape \(2, 2\)"):
        bare(layout, 1, 1, queries=2, keys=2)
