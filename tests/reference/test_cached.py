from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnspec import reference
from attnspec.exceptions import InvalidArgument
from attnspec.reference import attention, rotary

# Definitions take lists as well as arrays.
append: Any = reference.append
cached_attention: Any = reference.cached_attention
gather_pages: Any = reference.gather_pages
paged_attention: Any = reference.paged_attention
turn_by_tables: Any = reference.turn_by_tables

NEW = st.integers(0, 4)
# Sums of at most a dozen terms of size 1 in float64, in other orders: each rounds by
# 2**-53 of its size, far less than what any wrong token would change.
LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=3)
SEEDS = st.integers(0, 2**20)


def _drawn(lengths: list[int], new: int, seed: int, fill: float = np.nan) -> Any:
    """Query, both caches, whose other places have a fill, and new keys and values."""
    draw, batch = np.random.default_rng(seed), len(lengths)
    caches = draw.normal(size=(2, batch, max(lengths) + new + 2, 2, 4))
    for b, length in enumerate(lengths):
        caches[:, b, length:] = fill
    tokens = draw.normal(size=(2, batch, new, 2, 4))
    return draw.normal(size=(batch, new or 1, 4, 4)), *caches, *tokens


@settings(max_examples=20)
@given(LENGTHS, NEW, SEEDS, st.sampled_from([{}, {"causal": True}]))
def test_each_sequence_has_what_it_had_and_what_is_new(
    lengths: list[int], new: int, seed: int, options: dict[str, Any]
) -> None:
    query, keys, values, key, value = _drawn(lengths, new, seed)
    given = {"key": key, "value": value} if new else {}

    found = cached_attention(query, keys, values, lengths, **given, **options)

    for b, length in enumerate(lengths):
        both = zip((keys, values), (key, value), strict=True)
        own = (np.concatenate([c[b, :length], n[b]]).swapaxes(0, 1) for c, n in both)
        alone = attention(
            query[b].swapaxes(0, 1)[None], *(a[None] for a in own), **options
        )
        assert np.allclose(alone[0].swapaxes(0, 1), found.output[b], rtol=1e-12)


@settings(max_examples=20)
@given(LENGTHS, st.integers(1, 5), SEEDS, st.lists(st.integers(1, 3), max_size=4))
def test_tokens_in_chunks_are_answered_like_all_at_once(
    lengths: list[int], new: int, seed: int, sizes: list[int]
) -> None:
    query, keys, values, key, value = _drawn(lengths, new, seed)
    before, angles = np.array(lengths), np.arange(12)[:, None] * np.array([1.0, 0.1])
    options = {"causal": True, "cosine": np.cos(angles), "sine": np.sin(angles)}

    whole = cached_attention(
        query, keys, values, before, key=key, value=value, **options
    )
    ends = [0, *(int(e) for e in np.cumsum(sizes) if e < new), new]
    for start, end in itertools.pairwise(ends):
        part = np.s_[:, start:end]
        found = cached_attention(
            *(query[part], keys, values, before + start),
            key=key[part],
            value=value[part],
            **options,
        )
        _, _, keys, values = found
        assert np.allclose(whole.output[part], found.output, rtol=1e-12)

    assert np.array_equal(whole.key_cache, keys, equal_nan=True)
    assert np.array_equal(whole.value_cache, values, equal_nan=True)


@settings(max_examples=20)
@given(LENGTHS, SEEDS)
def test_a_cache_is_a_pool_whose_pages_are_the_rooms_of_sequences(
    lengths: list[int], seed: int
) -> None:
    query, keys, values, *_ = _drawn(lengths, 0, seed)
    table = np.arange(len(lengths))[:, None]

    found = cached_attention(query, keys, values, lengths)
    output, lse = paged_attention(query, keys, values, table, lengths)

    assert np.array_equal(output, found.output)
    assert np.array_equal(lse, found.lse)
    assert gather_pages(keys, table, lengths).shape == keys.shape


def test_padding_before_the_tokens_is_not_read() -> None:
    query, keys, values, *_ = _drawn([5], 0, 1)
    keys[0, :2] = values[0, :2] = np.nan

    found = cached_attention(query, keys, values, [5], left_pad=[2])
    other = cached_attention(query, keys[:, 2:], values[:, 2:], [3])

    assert np.array_equal(other.output, found.output)


@pytest.mark.parametrize("pairing", ["interleaved", "half_split"])
def test_a_table_of_the_angles_of_positions_is_rotary(pairing: Any) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 6))
    angles = np.arange(9)[:, None] * 10_000.0 ** (-np.arange(0, 4, 2) / 4)
    rows = np.array([[4, 0, 8], [1, 2, 3]])

    found = turn_by_tables(x, np.cos(angles), np.sin(angles), rows, pairing=pairing)

    expected = rotary(x.swapaxes(1, 2), rows[:, None], pairing=pairing, width=4)
    assert np.allclose(expected.swapaxes(1, 2), found, rtol=0, atol=1e-14)


def test_a_sequence_needs_room_a_slot_and_a_row() -> None:
    cache, tokens = np.zeros((2, 3, 1, 2)), np.zeros((1, 2, 1, 2))
    with pytest.raises(InvalidArgument, match="lengths: expected 0 to 1, got 2"):
        append(cache, tokens, [2])
    with pytest.raises(InvalidArgument, match="slots: expected 0 to 1, got 2"):
        append(cache, tokens, [0], slots=[2])
    two = np.zeros((2, 2, 1, 2))
    with pytest.raises(InvalidArgument, match=r"slots: expected one of its own .* 0\]"):
        append(cache, two, [0, 0], slots=[0, 0])
    with pytest.raises(InvalidArgument, match="rows: expected 0 to 0, got 1"):
        turn_by_tables(tokens, np.ones((1, 1)), np.ones((1, 1)), [[0, 1]])
    with pytest.raises(InvalidArgument, match="cosine: expected at most 1 columns"):
        turn_by_tables(tokens, np.ones((2, 2)), np.ones((2, 2)), [[0, 1]])


@pytest.mark.parametrize(
    ("given", "lost"),
    [("key", "value"), ("value", "key"), ("cosine", "sine"), ("sine", "cosine")],
)
def test_half_a_pair_is_refused(given: str, lost: str) -> None:
    cache, row = np.zeros((1, 3, 1, 2)), np.zeros((1, 1, 1, 2))
    half = {given: row if given in ("key", "value") else np.ones((3, 1))}

    message = f"{lost}: expected together with {given}, got None"
    with pytest.raises(InvalidArgument, match=message):
        cached_attention(row, cache, cache, [1], **half)
