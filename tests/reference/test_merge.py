from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import merge, merge_all
from tests.reference._bounds import UNIT
from tests.reference._problems import Array, generators

Part = tuple[Array, Array]


@st.composite
def small_parts(draw: st.DrawFn, count: int) -> list[Part]:
    rng = draw(generators())
    empty = rng.random((count, 3)) < 0.2
    lse = np.where(empty, -np.inf, 9.0 * rng.normal(size=(count, 3)))
    return list(zip(rng.normal(size=(count, 3, 2)), lse, strict=True))


def assert_equal_parts(expected: Part, actual: Part, outputs: float) -> None:
    """Allow for a few roundings a merge; no output here is larger than `outputs`."""
    size = np.where(np.isinf(expected[1]), 0.0, np.abs(expected[1])) + 100.0
    moved = 64.0 * UNIT * size
    bound = np.expm1(moved)[:, None] * outputs
    empty = np.isneginf(expected[1])

    assert (np.abs(expected[0] - actual[0]) <= bound).all()
    assert np.array_equal(empty, np.isneginf(actual[1]))
    assert (np.abs(expected[1][~empty] - actual[1][~empty]) <= moved[~empty]).all()


@given(small_parts(2))
def test_merging_is_commutative(parts: list[Part]) -> None:
    (a, b), outputs = parts, sum(np.abs(output).max() for output, _ in parts)

    assert_equal_parts(merge(*a, *b), merge(*b, *a), outputs)


@given(small_parts(3))
def test_merging_is_associative(parts: list[Part]) -> None:
    (a, b, c), outputs = parts, sum(np.abs(output).max() for output, _ in parts)
    expected = merge(*merge(*a, *b), *c)

    assert_equal_parts(expected, merge(*a, *merge(*b, *c)), outputs)
    assert_equal_parts(expected, merge_all(parts), outputs)


@given(small_parts(1), st.sampled_from([0.0, np.nan, np.inf]))
def test_an_empty_part_is_neutral(parts: list[Part], anything: float) -> None:
    output, lse = parts[0]
    empty = np.full_like(output, anything), np.full_like(lse, -np.inf)
    expected = np.where(np.isneginf(lse)[:, None], 0.0, output)

    for actual in (merge(output, lse, *empty), merge(*empty, output, lse)):
        assert np.array_equal(expected, actual[0])
        assert np.array_equal(lse, actual[1])


def test_two_empty_parts_make_an_empty_part() -> None:
    nan, nothing = np.full((1, 2), np.nan), np.array([-np.inf])
    output, lse = merge(nan, nothing, nan, nothing)

    assert np.array_equal(np.zeros((1, 2)), output)
    assert np.array_equal(nothing, lse)


def test_at_least_one_part_is_merged() -> None:
    with pytest.raises(InvalidArgument, match="parts: expected at least one"):
        merge_all([])


@given(small_parts(1))
def test_one_part_is_the_whole_and_an_empty_one_is_zero(parts: list[Part]) -> None:
    output, lse = parts[0]
    empty = np.isneginf(lse)[:, None]
    whole, same = merge_all([(np.where(empty, np.nan, output), lse)])

    assert np.array_equal(np.where(empty, 0.0, output), whole)
    assert np.array_equal(lse, same)
