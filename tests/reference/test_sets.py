from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import padded_set, pool
from tests.reference._bounds import bounds
from tests.reference._problems import generators, sizes
from tests.reference._sets import alone, whole

ANYTHING = st.sampled_from([0.0, -7.0, 1e300, np.nan, np.inf])


@given(generators(), sizes(0, 5), sizes(0, 4), ANYTHING)
def test_padding_with_masked_vectors_changes_nothing_whatever_they_hold(
    rng: np.random.Generator, members: int, added: int, fill: float
) -> None:
    query, x = rng.normal(size=3), whole(rng, members)
    more, mask = padded_set(x, members + added, fill)
    expected, actual = pool(query, x, x), pool(query, more, more, mask=mask)
    bound = bounds(alone(query[None], x, x)).output[0, 0, 0]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(generators(), sizes(0, 5), sizes(0, 4))
def test_padded_sets_keep_their_members(
    rng: np.random.Generator, members: int, added: int
) -> None:
    x = rng.normal(size=(members, 2))
    more, mask = padded_set(x, members + added, 9.0)

    assert np.array_equal(x, more[mask])
    assert np.array_equal(np.full((added, 2), 9.0), more[~mask])


def test_a_set_is_not_cut_to_a_size() -> None:
    with pytest.raises(InvalidArgument, match="size: expected 3 or more, got 2"):
        padded_set(np.zeros((3, 1)), 2)
