from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    attention_with_logsumexp,
    padded_attention,
    padded_segments,
)
from attnspec.reference.masks import padding
from tests.reference._bounds import bounds
from tests.reference._problems import OPTIONS, Problem, problems
from tests.reference._sequences import Sequences, same, sequences

FILLS = st.sampled_from([0.0, 1e300, np.nan, np.inf])


@given(sequences(), FILLS)
def test_padded_sequences_are_answered_one_by_one(
    given: Sequences, fill: float
) -> None:
    queries, keys = given.lengths

    output, lse = padded_attention(
        *given.padded(fill), query_lengths=queries, key_lengths=keys, **given.options
    )

    for at, (expected, expected_lse, bound) in enumerate(given.alone):
        rows = slice(0, queries[at])
        assert same(expected[0], output[at, :, rows], bound.output[0])
        assert same(expected_lse[0], lse[at, :, rows], bound.lse[0])
        assert not output[at, :, queries[at] :].any()


@given(problems(*OPTIONS, low=1))
def test_full_lengths_are_none(problem: Problem) -> None:
    batch, _, queries, keys = problem.grid

    output, lse = padded_attention(
        *problem.arrays,
        query_lengths=np.full(batch, queries),
        key_lengths=np.full(batch, keys),
        **problem.options,
    )

    expected = attention_with_logsumexp(*problem.arrays, **problem.options)
    bound = bounds(problem)
    assert same(expected[0], output, bound.output)
    assert same(expected[1], lse, bound.lse)


@given(problems("scale", "softcap", "sink", "bias", low=1), st.data())
def test_a_length_is_a_mask(problem: Problem, data: st.DataObject) -> None:
    batch, *_, keys = problem.grid
    count = st.integers(0, keys)
    lengths = np.array(data.draw(st.lists(count, min_size=batch, max_size=batch)))
    mask = padding(lengths, keys)

    found = padded_attention(*problem.arrays, key_lengths=lengths, **problem.options)

    masked = Problem(*problem.arrays, problem.options | {"mask": mask})
    expected = attention_with_logsumexp(*masked.arrays, **masked.options)
    bound = bounds(masked)
    assert same(expected[0], found[0], bound.output)
    assert same(expected[1], found[1], bound.lse)


@given(problems(*OPTIONS, low=1), st.data())
def test_a_mask_and_a_bias_are_cut_with_the_keys(
    problem: Problem, data: st.DataObject
) -> None:
    batch, heads, queries, keys = problem.grid
    sizes = st.integers(0, queries), st.integers(0, keys)
    pairs = [data.draw(st.tuples(*sizes)) for _ in range(batch)]

    output, _ = padded_attention(
        *problem.arrays,
        query_lengths=np.array([n for n, _ in pairs]),
        key_lengths=np.array([m for _, m in pairs]),
        **problem.options,
    )

    whole = {n: a for n, a in problem.options.items() if n in ("mask", "bias")}
    for at, (n, m) in enumerate(pairs):
        cut = {
            name: np.broadcast_to(array, (batch, heads, queries, keys))[
                at : at + 1, :, :n, :m
            ]
            for name, array in whole.items()
        }
        arrays = zip(problem.arrays, (n, m, m), strict=True)
        query, key, value = (a[at : at + 1, :, :k] for a, k in arrays)
        alone = Problem(query, key, value, problem.options | cut)
        expected, _ = attention_with_logsumexp(*alone.arrays, **alone.options)
        assert same(expected, output[at : at + 1, :, :n], bounds(alone).output)


@pytest.mark.parametrize("lengths", [[3], [-1]])
def test_no_sequence_is_longer_than_the_padded_ones(lengths: list[int]) -> None:
    x = np.zeros((1, 1, 2, 1))

    with pytest.raises(InvalidArgument, match="key_lengths: expected 0 to 2, got"):
        padded_attention(x, x, x, key_lengths=np.array(lengths))


def test_no_sequence_has_less_than_no_token() -> None:
    with pytest.raises(InvalidArgument, match="query_lengths: expected 0 or more, got"):
        padded_segments(np.array([-1]), np.array([2]))
