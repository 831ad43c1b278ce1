from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import documents
from tests.reference._masks import table
from tests.reference._problems import sizes


@given(st.lists(sizes(0, 3), max_size=8), st.lists(sizes(0, 3), max_size=8))
def test_a_query_sees_the_keys_of_its_own_document(
    queries: list[int], keys: list[int]
) -> None:
    actual = documents(np.array(queries, dtype=int), np.array(keys, dtype=int))
    expected = table(len(queries), len(keys), lambda i, j: queries[i] == keys[j])

    assert np.array_equal(expected, actual)
