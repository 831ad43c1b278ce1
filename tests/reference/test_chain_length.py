from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.reference import chain_length, dependence, tanh_rnn
from tests.reference._networks import network
from tests.reference._problems import Array, generators, sizes


def test_a_recurrence_is_one_chain_and_attention_is_none() -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(6, 2)), network(rng)
    states = tanh_rnn(x, weights)

    def chained(before: Array) -> Array:
        """Each state from the one before it, which comes from outside here."""
        steps = [tanh_rnn(x[i : i + 1], weights, state=before[i]) for i in range(6)]
        return np.concatenate(steps)

    before = np.concatenate([np.zeros((1, 3)), states[:-1]])
    reads = np.roll(dependence(chained, before), -1, axis=1)
    reads[:, -1] = False

    assert np.array_equal(states, chained(before))
    assert chain_length(reads) == 6
    assert chain_length(np.zeros((6, 6), dtype=bool)) == 1


@given(sizes(1), sizes(1, 9))
def test_chunks_shorten_the_chain(length: int, chunk: int) -> None:
    chunks = np.arange(length) // chunk
    # A chunk reads the state behind the last step of the one before it.
    last = np.append(chunks[1:] != chunks[:-1], [False])
    reads = last & (chunks[:, None] == chunks + 1)

    assert -(-length // chunk) == chain_length(reads)


@given(generators(), sizes(0, 9))
def test_the_chain_is_the_longest_way_through_what_is_read(
    rng: np.random.Generator, length: int
) -> None:
    reads = np.tril(rng.random((length, length)) < 0.4, k=-1)
    power, steps = np.eye(length, dtype=bool), 0
    while power.any():
        power, steps = power @ reads, steps + 1

    assert steps == chain_length(reads)


@pytest.mark.parametrize("reads", [np.eye(2), np.triu(np.ones((3, 3)))])
def test_no_output_is_computed_from_itself(reads: Array) -> None:
    with pytest.raises(InvalidArgument, match="reads: expected earlier outputs alone"):
        chain_length(reads.astype(bool))
