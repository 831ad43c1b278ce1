from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attention_with_logsumexp,
    merge,
    merge_all,
    split_attention,
)
from tests.reference._bounds import UNIT, Bounds, bounds, gamma
from tests.reference._problems import OPTIONS, Array, Problem, generators, problems

Part = tuple[Array, Array]


@st.composite
def partitions(draw: st.DrawFn, count: int) -> list[Array]:
    """Any partition of the keys, empty parts and any order included."""
    rng = draw(generators())
    owner = rng.integers(draw(st.integers(1, 4)), size=count)
    return [rng.permutation(np.flatnonzero(owner == n)) for n in range(4)]


def merged_bounds(problem: Problem, count: int) -> Bounds:
    """Add the roundings of `count` merges to the errors of the parts.

    A merge moves lse by the larger error of its two parts and by its own rounding,
    a few units of the numbers in it; a share exp(lse_a - lse) moves as much, in
    relative terms. Those numbers are no more than 800 from lse: a part that lies
    further below has no share. The bound of the whole is taken over all keys, so
    that it holds for every part.
    """
    whole = bounds(problem)
    _, lse = attention_with_logsumexp(*problem.arrays, **problem.options)
    size = np.where(np.isinf(lse), 0.0, np.abs(lse))
    spread = 16.0 * UNIT * (size + 800.0)
    moved = count * (spread + gamma(8)) + 2.0 * whole.lse
    value = np.abs(problem.value).max(axis=(1, 2), initial=0.0)[:, None, None]
    return Bounds(
        output=2.0 * whole.output + np.expm1(2.0 * moved)[..., None] * value,
        lse=moved,
    )


@given(problems(*OPTIONS), st.data())
def test_attention_over_any_partition_merges_into_the_whole(
    problem: Problem, data: st.DataObject
) -> None:
    parts = data.draw(partitions(problem.grid[3]))
    expected, expected_lse = attention_with_logsumexp(
        *problem.arrays, **problem.options
    )
    actual, actual_lse = split_attention(
        *problem.arrays, parts=parts, **problem.options
    )
    bound = merged_bounds(problem, len(parts))
    empty = np.isneginf(expected_lse)

    assert (np.abs(expected - actual) <= bound.output).all()
    assert np.array_equal(empty, np.isneginf(actual_lse))
    difference = np.abs(expected_lse[~empty] - actual_lse[~empty])
    assert (difference <= bound.lse[~empty]).all()


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
        inspect.unwrap(merge_all)([])


@pytest.mark.parametrize("parts", [[[0, 1]], [[0, 1], [1, 2]], [[0, 1, 3]], []])
def test_parts_hold_every_key_once(parts: list[list[int]]) -> None:
    x = np.zeros((1, 1, 3, 1))
    indices = [np.array(part) for part in parts]

    with pytest.raises(InvalidArgument, match="every key from 0 to 2 once"):
        inspect.unwrap(split_attention)(x, x, x, parts=indices)
