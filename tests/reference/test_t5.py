from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import t5_bias, t5_buckets
from tests.reference._problems import distances, generators, sizes


def published_bucket(relative: int, buckets: int, farthest: int, sides: int) -> int:
    """Read as T5's _relative_position_bucket does it, one number at a time."""
    result, n = 0, -relative
    if sides == 2:
        buckets //= 2
        result += (n < 0) * buckets
        n = abs(n)
    n = max(n, 0)
    exact = buckets // 2
    if n < exact:
        return result + n
    ratio = np.log(np.float32(n / exact)) / np.float32(math.log(farthest / exact))
    large = exact + int(ratio * np.float32(buckets - exact))
    return result + min(large, buckets - 1)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_buckets_are_those_of_the_authors(bidirectional: bool) -> None:  # noqa: FBT001
    """With the sizes of T5, float32 puts every distance where whole numbers do."""
    relative = np.arange(-600, 601)
    sides = 2 if bidirectional else 1
    expected = [published_bucket(int(r), 32, 128, sides) for r in relative]

    assert np.array_equal(expected, t5_buckets(relative, bidirectional=bidirectional))


def test_buckets_of_a_decoder_begin_where_the_formula_says() -> None:
    """The first distances of the buckets 16 to 31: 16 times 8 to the n / 16."""
    expected = [math.ceil(16 * 8 ** (n / 16)) for n in range(16)]
    buckets = t5_buckets(-np.arange(200), bidirectional=False)
    actual = [int(np.argmax(buckets == n)) for n in range(16, 32)]

    assert expected == actual


@given(sizes(1, 20), st.integers(1, 60))
def test_buckets_grow_with_the_distance(half: int, more: int) -> None:
    options: dict[str, Any] = {"buckets": 4 * half, "max_distance": half + more}
    right = t5_buckets(np.arange(1, 99), **options)
    left = t5_buckets(-np.arange(1, 99), **options)

    assert (np.diff(left) >= 0).all()
    assert np.array_equal(left + 2 * half, right)
    assert left[-1] == 2 * half - 1 or half + more > 98
    assert t5_buckets(np.array([0]), **options).item() == 0


@given(sizes(2, 20), st.integers(1, 60))
def test_a_decoder_sees_all_keys_to_the_right_at_distance_zero(
    buckets: int, more: int
) -> None:
    options: dict[str, Any] = {"buckets": buckets, "max_distance": buckets // 2 + more}
    actual = t5_buckets(np.arange(-99, 100), bidirectional=False, **options)

    assert not actual[99:].any()
    assert (np.diff(actual) <= 0).all()
    assert actual[0] == buckets - 1


@given(generators(), sizes(), sizes(), st.booleans())
def test_the_bias_of_t5_is_looked_up(
    rng: np.random.Generator,
    queries: int,
    keys: int,
    bidirectional: bool,  # noqa: FBT001
) -> None:
    table, relative = rng.normal(size=(32, 3)), 5 * distances(queries, keys)
    chosen = t5_buckets(relative, bidirectional=bidirectional)
    actual = t5_bias(relative, table, bidirectional=bidirectional)

    for (h, i, j), bias in np.ndenumerate(actual):
        assert table[chosen[i, j], h] == bias


@pytest.mark.parametrize(
    ("buckets", "bidirectional", "rule"),
    [
        (2, True, "an even number, at least 4"),
        (7, True, "an even number, at least 4"),
        (1, False, "least 2"),
    ],
)
def test_buckets_are_enough_for_the_near_and_the_far(
    buckets: int,
    bidirectional: bool,  # noqa: FBT001
    rule: str,
) -> None:
    with pytest.raises(InvalidArgument, match=f"{rule}, got {buckets}"):
        t5_buckets(np.zeros(1, dtype=int), buckets=buckets, bidirectional=bidirectional)


def test_the_farthest_bucket_lies_behind_the_near_ones() -> None:
    with pytest.raises(InvalidArgument, match="max_distance: expected more than 8"):
        t5_buckets(np.zeros(1, dtype=int), max_distance=8)


@given(generators(), sizes(), sizes(), st.integers(-999, 999))
def test_no_bias_sees_a_common_shift_of_all_positions(
    rng: np.random.Generator, queries: int, keys: int, shift: int
) -> None:
    here, there = distances(queries, keys), distances(queries, keys, start=shift)
    table = rng.normal(size=(32, 2))

    assert np.array_equal(t5_bias(here, table), t5_bias(there, table))
