"""A program that is type-checked and not run: sets and decoding."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import Projections, decoding, padded_set, pool, read_set
from attnspec.reference.decoding import Cache, Decoder

Array = npt.NDArray[Any]

members, square = np.zeros((5, 4), dtype=np.float32), np.zeros((4, 4))
reading = Projections(square, square, square)

# Reading a set, or pooling it with one query.
seen = np.ones((2, 5), dtype=np.bool_)
assert_type(read_set(members[:2], members, reading, mask=seen), Array)
assert_type(read_set(members, members, reading, causal=True), Array)
assert_type(pool(members[0], members, members, mask=seen[0]), Array)
filled, real = padded_set(members, 8, fill=np.nan)
assert_type(filled, Array)
assert_type(real, Array)

# What a decoder has learned and what it has read are named tuples.
decoder = Decoder(np.zeros((9, 4)), np.zeros((7, 4)), reading, reading, square)
assert_type(decoder.embedding, Array)
assert_type(decoder.own, Projections)
memory = decoding.cache_of(members, decoder.source)
assert_type(memory, Cache)
assert_type(memory.key, Array)
assert_type(Cache(members, members), Cache)

# Step by step, with and without the cache.
assert_type(decoding.next_logits(members, np.array([1, 2]), decoder), Array)
logits, past = decoding.cached_logits(memory, 1, memory, decoder)
assert_type(logits, Array)
assert_type(past, Cache)
said = decoding.decode_greedily(members, decoder, start=0, stop=1, limit=9, cached=True)
assert_type(said, list[int])

# What must not pass.
read_set(members, members)  # type: ignore[call-arg]
padded_set(members, size="8")  # type: ignore[arg-type]
decoding.next_logits(members, [1, 2], decoder)  # type: ignore[arg-type]
decoding.cached_logits(members, 1, memory, decoder)  # type: ignore[arg-type]
decoding.decode_greedily(members, decoder, start=0, stop=1)  # type: ignore[call-arg]
decoding.decode_greedily(members, decoder, 0, 1, 9)  # type: ignore[call-arg]
