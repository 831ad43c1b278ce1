from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attention,
    packed_attention,
    packed_attention_vjp,
    packed_segments,
)
from tests.reference._bounds import bounds
from tests.reference._problems import OPTIONS, Problem, problems
from tests.reference._sequences import Sequences, same, sequences

FILLS = st.sampled_from([0.0, 1e300, np.nan, np.inf])


@given(sequences())
def test_packed_sequences_are_answered_one_by_one(given: Sequences) -> None:
    output, lse = packed_attention(*given.packed, *given.sums, **given.options)
    starts = given.sums[0]

    for at, (expected, expected_lse, bound) in enumerate(given.alone):
        rows = slice(starts[at], starts[at + 1])
        assert same(expected[0], output[rows].swapaxes(0, 1), bound.output[0])
        assert same(expected_lse[0], lse[:, rows], bound.lse[0])


@given(problems(*(n for n in OPTIONS if n not in ("mask", "bias")), low=1))
def test_sequences_of_one_length_are_a_batch(problem: Problem) -> None:
    batch, _, queries, keys = problem.grid
    packed = (np.concatenate(list(a.swapaxes(1, 2))) for a in problem.arrays)
    sums = (np.arange(batch + 1) * n for n in (queries, keys))

    output, _ = packed_attention(*packed, *sums, **problem.options)
    rows = output.reshape(batch, queries, *output.shape[1:]).swapaxes(1, 2)

    expected = attention(*problem.arrays, **problem.options)
    assert same(expected, rows, bounds(problem).output)


@given(sequences(), st.integers(0, 3), FILLS)
def test_an_empty_sequence_changes_nothing(
    given: Sequences, at: int, fill: float
) -> None:
    query, key, value = given.packed
    rest = ((0, 3), (0, 0), (0, 0))
    longer = (np.pad(a, rest, constant_values=fill) for a in (query, key, value))
    more = (
        np.insert(c, at, c[at])
        for at, c in ((min(at, len(c) - 1), c) for c in given.sums)
    )

    output, lse = packed_attention(query, key, value, *given.sums, **given.options)
    again, same_lse = packed_attention(*longer, *more, **given.options)

    assert np.array_equal(output, again[: len(query)])
    assert np.array_equal(lse, same_lse[:, : len(query)])
    assert not again[len(query) :].any()


@given(sequences(), st.integers(1, 3), FILLS)
def test_a_slot_may_be_longer_than_its_sequence(
    given: Sequences, gap: int, fill: float
) -> None:
    """What lies between one sequence and the next belongs to nobody."""
    queries, keys = given.lengths
    arrays = zip(*(p.arrays for p in given.problems), strict=True)
    rest = ((0, gap), (0, 0), (0, 0))
    slots = (
        np.concatenate(
            [np.pad(a[0].swapaxes(0, 1), rest, constant_values=fill) for a in each]
        )
        for each in arrays
    )
    sums = (np.append(0, np.cumsum(np.add(n, gap))) for n in given.lengths)

    output, _ = packed_attention(
        *slots, *sums, used_query=queries, used_key=keys, **given.options
    )

    expected, _ = packed_attention(*given.packed, *given.sums, **given.options)
    mine = np.concatenate([np.arange(n + gap) < n for n in queries])
    assert np.array_equal(expected, output[mine])
    assert not output[~mine].any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cu_query": [0, 2]}, "cu_key: expected 2 entries, got 3"),
        ({"cu_query": [1, 2, 3]}, "cu_query: expected sums from 0 on"),
        ({"cu_key": [0, 3, 2]}, "cu_key: expected sums from 0 on, not decreasing"),
        (
            dict.fromkeys(["cu_key", "cu_query"], np.arange(0)),
            "cu_query: expected sums",
        ),
        ({"used_key": [3, 1]}, r"used_key: expected 0 to \[2 1\], got \[3 1\]"),
        ({"used_key": [1]}, "used_key: expected 2 entries, got 1"),
        ({"used_query": [-1, 1]}, r"used_query: expected 0 to \[2 1\], got"),
    ],
)
def test_slots_that_cannot_be_are_refused(changes: dict[str, Any], said: str) -> None:
    plain = {"cu_query": [0, 2, 3], "cu_key": [0, 2, 3]}

    with pytest.raises(InvalidArgument, match=said):
        packed_segments(**(plain | changes))


def test_no_sequence_ends_beyond_the_rows() -> None:
    x = np.zeros((3, 1, 1))

    with pytest.raises(InvalidArgument, match="cu_key: expected at most 3 rows, got 4"):
        packed_attention(x, x, x, np.array([0, 3]), np.array([0, 4]))
    with pytest.raises(InvalidArgument, match="cu_query: expected at most 3 rows"):
        packed_attention_vjp(
            *(x, x, x, x, np.array([0, 5]), np.array([0, 3])),
            used_query=np.array([2]),
        )
