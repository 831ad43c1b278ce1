from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import global_tokens
from tests.reference._problems import generators, sizes


@given(generators(), sizes(), sizes())
def test_global_tokens_see_all_and_are_seen_by_all(
    rng: np.random.Generator, queries: int, keys: int
) -> None:
    first, second = rng.random(queries) < 0.3, rng.random(keys) < 0.3
    actual = global_tokens(first, second)

    assert actual[first].all()
    assert actual[:, second].all()
    assert not actual[np.ix_(~first, ~second)].any()
