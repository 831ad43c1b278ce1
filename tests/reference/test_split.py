from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import attention_with_logsumexp, split_attention
from tests.reference._bounds import UNIT, Bounds, bounds, gamma
from tests.reference._problems import OPTIONS, Array, Problem, generators, problems


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


@pytest.mark.parametrize("parts", [[[0, 1]], [[0, 1], [1, 2]], [[0, 1, 3]], []])
def test_parts_hold_every_key_once(parts: list[list[int]]) -> None:
    x = np.zeros((1, 1, 3, 1))
    indices = [np.array(part) for part in parts]

    with pytest.raises(InvalidArgument, match="every key from 0 to 2 once"):
        split_attention(x, x, x, parts=indices)
