"""Greedy decoding, on decoders whose arithmetic is exact.

All numbers are small integers and all scores are multiples of 1000, so that every
softmax is one-hot and nothing is rounded: what is equal is equal bit by bit.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    Decoder,
    Projections,
    attention,
    cache_of,
    cached_logits,
    decode_greedily,
    next_logits,
    read_set,
)
from tests.reference._bounds import bounds
from tests.reference._problems import Array, Problem, generators, sizes

WIDTH, WORDS, PLACES = 4, 5, 8


def whole(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-3, 4, shape).astype(np.float64)


def sharp(rng: np.random.Generator) -> Projections:
    """Projections whose scores lie 1000 or more apart, or are equal."""
    query, key = 1000.0 * whole(rng, WIDTH, WIDTH), whole(rng, WIDTH, WIDTH)
    return Projections(2.0 * query, key, whole(rng, WIDTH, WIDTH))


def one_hot(x: Array, z: Array, by: Projections, *, causal: bool) -> bool:
    """Whether no two visible scores of a row are equal."""
    scores = (x @ by.query) @ (z @ by.key).T
    if causal:
        scores = np.where(np.tri(len(x), len(z), dtype=bool), scores, np.nan)
    rows = [row[~np.isnan(row)] for row in scores]
    return all(len(np.unique(row)) == len(row) for row in rows)


def exact(memory: Array, decoder: Decoder, tokens: list[int]) -> bool:
    """Whether every softmax on the way of these tokens is one-hot."""
    x = decoder.embedding[tokens] + decoder.positions[: len(tokens)]
    y = x + read_set(x, x, decoder.own, causal=True)
    own = one_hot(x, x, decoder.own, causal=True)
    return own and one_hot(y, memory, decoder.source, causal=False)


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Array, Decoder]:
    rng = draw(generators())
    decoder = Decoder(
        embedding=whole(rng, WORDS, WIDTH),
        positions=10.0 * whole(rng, PLACES, WIDTH),
        own=sharp(rng),
        source=sharp(rng),
        output=whole(rng, WIDTH, WORDS),
    )
    return whole(rng, draw(sizes(1, 4)), WIDTH), decoder


@given(tasks(), st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=PLACES))
def test_logits_with_a_cache_are_those_without_one(
    task: tuple[Array, Decoder], tokens: list[int]
) -> None:
    memory, decoder = task
    assume(exact(memory, decoder, tokens))
    source = cache_of(memory, decoder.source)
    past = cache_of(memory[:0], decoder.own)
    for count, token in enumerate(tokens, 1):
        actual, past = cached_logits(source, token, past, decoder)
        expected = next_logits(memory, np.array(tokens[:count]), decoder)

        assert np.array_equal(expected, actual)
    assert len(past.key) == len(tokens)


@given(generators(), sizes(1, 7))
def test_the_last_row_of_a_causal_attention_needs_no_other_row(
    rng: np.random.Generator, length: int
) -> None:
    x = rng.normal(size=(3, 1, 1, length, 2))
    expected = attention(*x, causal=True)[:, :, -1:]
    actual = attention(x[0][:, :, -1:], *x[1:])
    bound = bounds(Problem(x[0], x[1], x[2], {"causal": True})).output[:, :, -1:]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(tasks(), sizes(0, PLACES), sizes(0, WORDS - 1))
def test_decoding_ends_at_the_stop_token_or_at_the_limit(
    task: tuple[Array, Decoder], limit: int, stop: int
) -> None:
    memory, decoder = task
    actual = decode_greedily(memory, decoder, start=0, stop=stop, limit=limit)

    assert len(actual) <= limit
    assert stop not in actual
    if len(actual) < limit:
        logits = next_logits(memory, np.array([0, *actual]), decoder)
        assert stop == np.argmax(logits)


@given(tasks(), sizes(0, PLACES), sizes(0, PLACES))
def test_a_lower_limit_gives_the_beginning_of_the_same(
    task: tuple[Array, Decoder], low: int, high: int
) -> None:
    low, high = sorted((low, high))
    expected = decode_greedily(*task, start=0, stop=1, limit=high)[:low]

    assert expected == decode_greedily(*task, start=0, stop=1, limit=low)


def copier() -> Decoder:
    """A decoder that copies its source, place by place, and then stops.

    Vectors have a part that says what and a part that says where; the query of a
    place looks for the same place in the source.
    """
    places = np.eye(6)
    nothing = Projections(np.zeros((9, 6)), np.zeros((9, 6)), np.zeros((9, 9)))
    where, what = np.zeros((9, 6)), np.zeros((9, 9))
    where[3:] = places
    what[:3, :3] = 100.0 * np.eye(3)
    return Decoder(
        embedding=np.zeros((3, 9)),
        positions=np.concatenate([np.zeros((6, 3)), places], axis=1),
        own=nothing,
        source=Projections(3000.0 * where, where, what),
        output=np.eye(9, 3),
    )


@pytest.mark.parametrize("cached", [False, True])
@given(words=st.lists(st.integers(1, 2), max_size=5))
def test_the_decoder_decides_how_many_vectors_come_out(
    cached: bool,  # noqa: FBT001 - drawn
    words: list[int],
) -> None:
    said = np.eye(3)[[*words, 0]]
    source = np.concatenate([said, np.eye(6)[: len(said)]], axis=1)
    actual = decode_greedily(source, copier(), start=0, stop=0, limit=6, cached=cached)

    assert words == actual


@given(tasks(), sizes(0, PLACES))
def test_greedy_decoding_with_a_cache_is_that_without_one(
    task: tuple[Array, Decoder], limit: int
) -> None:
    memory, decoder = task
    expected = decode_greedily(memory, decoder, start=0, stop=1, limit=limit)
    assume(exact(memory, decoder, [0, *expected][:limit]))
    actual = decode_greedily(memory, decoder, start=0, stop=1, limit=limit, cached=True)

    assert expected == actual


def test_a_limit_does_not_go_beyond_the_positions() -> None:
    words = "limit: expected at most 6, the number of positions, got 7"
    with pytest.raises(InvalidArgument, match=words):
        decode_greedily(np.zeros((1, 9)), copier(), start=0, stop=0, limit=7)
