"""A program that is type-checked and not run: the types of the definitions."""

from __future__ import annotations

from typing import Any, assert_type

import ml_dtypes
import numpy as np
import numpy.typing as npt

import attnspec
from attnspec.reference import masks, scores, split
from attnspec.reference.attention import weighted_sum
from attnspec.reference.merge import merge, merge_all
from attnspec.reference.softmax import (
    logsumexp,
    logsumexp_with_sink,
    softmax,
    softmax_with_sink,
)

Array = npt.NDArray[Any]

query = np.zeros((2, 4, 3, 8), dtype=np.float32)
key = np.zeros((2, 2, 5, 8), dtype=ml_dtypes.bfloat16)
value = np.zeros((2, 2, 5, 6))
mask = np.ones((3, 5), dtype=np.bool_)
rows, row = np.zeros((2, 5)), np.ones(5, dtype=np.bool_)

# Arrays of any format come in; an array comes out.
assert_type(attnspec.attention(query, key, value), Array)
assert_type(attnspec.attention_weights(query, key, causal=True), Array)
assert_type(weighted_sum(rows, value), Array)
pair = attnspec.attention_with_logsumexp(query, key, value)
assert_type(pair, tuple[Array, Array])

# Every option, and both ways to leave a side of a window open.
attnspec.attention(
    query,
    key,
    value,
    mask=mask,
    bias=np.zeros((4, 1, 5)),
    scale=0.0,
    causal=True,
    window=(3, None),
    softcap=30.0,
    sink=np.zeros(4),
    alignment="upper_left",
)
attnspec.attention(query, key, value, window=(None, 0), scale=None, sink=None)

assert_type(scores.default_scale(64), float)
assert_type(masks.positions(3, 5, alignment="lower_right"), Array)
spots = np.arange(5)
assert_type(masks.relative_positions(spots[:3], spots), Array)
assert_type(masks.causal(spots, spots), Array)
assert_type(masks.window(spots, spots, 1, None), Array)
assert_type(masks.padding(spots, 5), Array)
assert_type(masks.visible_keys(3, 5, mask=mask, window=(1, 1)), Array)
assert_type(masks.intersection(mask, row), Array)
assert_type(scores.scaled_dot_product(query, query, scale=0.5), Array)
assert_type(scores.biased(rows, row * 1.0), Array)
assert_type(scores.softcapped(scores.dot_product(query, query), 30.0), Array)
assert_type(softmax(rows, row), Array)
assert_type(logsumexp(rows), Array)
assert_type(logsumexp_with_sink(rows, None, np.zeros(2)), Array)
parts = [spots[:2], spots[2:]]
assert_type(split.split_attention(query, key, value, parts=parts), tuple[Array, Array])
assert_type(merge(*pair, *pair), tuple[Array, Array])
assert_type(merge_all([pair, pair]), tuple[Array, Array])

# What must not pass.
attnspec.attention(query=query, key=key, value=value)  # type: ignore[call-arg]
attnspec.attention(query, key, value, mask)  # type: ignore[call-arg]
attnspec.attention(query, key, value, window=3)  # type: ignore[arg-type]
attnspec.attention(query, key, value, alignment="bottom")  # type: ignore[arg-type]
attnspec.attention(query, key, value, scale="auto")  # type: ignore[arg-type]
attnspec.attention_weights(query, key, value)  # type: ignore[call-arg]
softmax_with_sink(rows, row)  # type: ignore[call-arg]
merge(pair, pair)  # type: ignore[call-arg,arg-type]
