"""ALiBi and the buckets of T5, beside Transformers 5.23.

What differs, and why:

- Bloom leaves the query's position out of ALiBi, and MPT takes the last one for all
  queries: the same up to a number for each row. Falcon rounds to bfloat16.
- T5's logarithm is in float32. Where it should be a whole number, or nearly is, a
  distance may fall into the bucket beside; see `EDGES`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import alibi_signed, alibi_slopes, t5_buckets
from tests.agreement._formats import BFLOAT16, FLOAT32, gamma
from tests.reference._problems import Array, sizes

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def model(name: str) -> Any:
    return pytest.importorskip(f"transformers.models.{name}.modeling_{name}")


bloom, falcon, mpt, t5 = model("bloom"), model("falcon"), model("mpt"), model("t5")

HEADS = st.integers(1, 40)


@given(HEADS, sizes(1))
def test_alibi_is_that_of_bloom_without_the_position_of_the_query(
    heads: int, keys: int
) -> None:
    """A root is off by u and its power of n by n u, two roundings and the product."""
    ones = torch.ones((1, keys), dtype=torch.int64)
    expected = bloom.build_alibi_tensor(ones, heads, torch.float32).numpy()
    actual = alibi_signed(np.arange(keys)[None], alibi_slopes(heads))
    bound = gamma(2 * heads + 4, FLOAT32) * np.abs(actual)

    assert (np.abs(expected - actual) <= bound).all()


@given(HEADS, sizes(1))
def test_alibi_is_that_of_mpt_for_the_last_query(heads: int, keys: int) -> None:
    """Of twice the next power of two it takes the odd slopes first: the same."""
    expected = mpt.build_mpt_alibi_tensor(heads, keys).numpy()
    actual = alibi_signed(np.arange(keys)[None] - keys + 1, alibi_slopes(heads))

    assert (np.abs(expected - actual) <= gamma(4, FLOAT32) * np.abs(actual)).all()


@given(HEADS, st.integers(1, 400))
def test_alibi_is_that_of_falcon_up_to_bfloat16(heads: int, keys: int) -> None:
    """It rounds the slopes and the products: neighbors far away tie."""
    ones = torch.ones((1, keys), dtype=torch.int64)
    expected = falcon.build_alibi_tensor(ones, heads, torch.float64).numpy()
    actual = alibi_signed(np.arange(keys)[None], alibi_slopes(heads))
    bound = gamma(3, BFLOAT16) + gamma(2 * heads + 4, FLOAT32)

    assert (np.abs(expected - actual) <= bound * np.abs(actual)).all()


def test_far_neighbors_tie_in_falcon() -> None:
    ones = torch.ones((1, 400), dtype=torch.int64)
    theirs = falcon.build_alibi_tensor(ones, 8, torch.float32).numpy()[0, 0]

    assert theirs[300] == theirs[301]
    assert len(set(alibi_signed(np.arange(400)[None], np.array([0.5])).flat)) == 400


EDGES = [
    (True, 34, 27, -18, 14, 13),
    (True, 38, 196, -42, 14, 13),
    (False, 17, 27, -18, 14, 13),
    (False, 19, 196, -42, 14, 13),
    (False, 48, 81, -54, 40, 39),
    (False, 51, 49, -35, 38, 37),
    (False, 51, 169, -65, 38, 37),
    (False, 46, 164, -107, 40, 41),
]
"""Bidirectional, buckets, maximal distance, distance; our bucket and that of T5.

All there are with up to 64 buckets and maximal distances up to 199. In the first seven
the logarithm is a whole number, as 9 ln(18 / 8) / ln(27 / 8) is 6, and float32 falls
below it. In the last one it is less than 18 by 1.8e-6, and float32 gives 18.
"""


def theirs(relative: Array, buckets: int, farthest: int, *, both: bool) -> Array:
    chosen = t5.T5Attention._relative_position_bucket(
        torch.from_numpy(relative), both, buckets, farthest
    )
    return np.asarray(chosen)


@pytest.mark.parametrize("edge", EDGES)
def test_float32_moves_a_distance_over_the_edge_of_a_bucket(
    edge: tuple[bool, int, int, int, int, int],
) -> None:
    both, buckets, farthest, place, expected, moved = edge
    options: dict[str, Any] = {"buckets": buckets, "max_distance": farthest}
    relative = np.array([place])

    assert expected == t5_buckets(relative, bidirectional=both, **options).item()
    assert moved == theirs(relative, buckets, farthest, both=both).item()


@given(st.booleans(), sizes(1, 32), st.integers(1, 1000))
def test_buckets_are_those_of_t5_except_beside_an_edge(
    both: bool,  # noqa: FBT001
    half: int,
    more: int,
) -> None:
    """The logarithm x may be off by a number d, and x - d and x + d be two buckets.

    With w wide buckets and l = ln(D / e): the quotient n / e is off by u, which moves
    its logarithm by u and x by u w / l. The logarithm is off by 2 u, the divisor, the
    quotient and the product by u each: 5 u x, and one more for the squares of all.
    """
    sides = 2 if both else 1
    count, buckets = 2 * half + (not both), sides * (2 * half + (not both))
    exact, wide = count // 2, count - count // 2
    farthest = exact + more
    relative = np.arange(-1100, 1101)
    distance = np.abs(relative) if both else np.maximum(-relative, 0)
    length = math.log(farthest / exact)
    x = wide * np.log(np.maximum(distance, exact) / exact) / length
    d = FLOAT32 * 1.01 * (wide / length + 6.0 * x)
    low, high = (np.floor(np.maximum(y, 0.0)).astype(int) for y in (x - d, x + d))
    offset = count * ((relative > 0) & both)
    options: dict[str, Any] = {"max_distance": farthest, "bidirectional": both}
    expected = theirs(relative, buckets, farthest, both=both)
    actual = t5_buckets(relative, buckets=buckets, **options)
    far = distance >= exact
    least = np.where(far, np.minimum(exact + low, count - 1), distance) + offset
    most = np.where(far, np.minimum(exact + high, count - 1), distance) + offset

    for bucket in (expected, actual):
        assert (least <= bucket).all()
        assert (bucket <= most).all()


@pytest.mark.parametrize("both", [True, False])
def test_with_the_sizes_of_t5_every_bucket_is_the_same(both: bool) -> None:  # noqa: FBT001
    relative = np.arange(-5000, 5001)
    actual = t5_buckets(relative, bidirectional=both)

    assert np.array_equal(theirs(relative, 32, 128, both=both), actual)
