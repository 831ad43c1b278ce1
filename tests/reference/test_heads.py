from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import group_count, repeat_kv
from tests.reference._problems import generators, sizes


@given(generators(), sizes(1, 4), sizes(1, 4), sizes())
def test_consecutive_query_heads_share_a_key_head(
    rng: np.random.Generator, key_heads: int, groups: int, keys: int
) -> None:
    key = rng.normal(size=(2, key_heads, keys, 3))
    actual = repeat_kv(key, groups)

    for head in range(key_heads * groups):
        assert np.array_equal(key[:, head // groups], actual[:, head])


@given(sizes(1, 9), sizes(1, 9))
def test_group_count_is_the_quotient_of_heads(key_heads: int, groups: int) -> None:
    assert groups == group_count(groups * key_heads, key_heads)


def test_no_heads_make_one_group() -> None:
    assert group_count(0, 0) == 1


@pytest.mark.parametrize(("query_heads", "key_heads"), [(3, 2), (1, 2), (2, 0)])
def test_query_heads_are_a_multiple_of_key_heads(
    query_heads: int, key_heads: int
) -> None:
    words = f"query: expected a multiple of {key_heads} heads, got {query_heads}"
    with pytest.raises(InvalidArgument, match=words):
        group_count(query_heads, key_heads)
