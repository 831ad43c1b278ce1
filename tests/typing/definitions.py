"""A program that is type-checked and not run: the types of the definitions."""

from __future__ import annotations

from typing import Any, assert_type

import ml_dtypes
import numpy as np
import numpy.typing as npt

import attnspec
from attnspec.reference import heads, masks, normalizers, scores, split
from attnspec.reference.self_attention import Normalizer

Array = npt.NDArray[Any]

query = np.zeros((2, 4, 3, 8), dtype=np.float32)
key = np.zeros((2, 2, 5, 8), dtype=ml_dtypes.bfloat16)
value = np.zeros((2, 2, 5, 6))
mask = np.ones((3, 5), dtype=np.bool_)

# Arrays of any format come in; an array comes out.
output: Array = attnspec.attention(query, key, value)
weights: Array = attnspec.attention_weights(query, key, causal=True)
pair: tuple[Array, Array] = attnspec.attention_with_logsumexp(query, key, value)

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
assert_type(heads.group_count(8, 2), int)

stand: Array = masks.positions(3, 5, alignment="lower_right")
seen: Array = masks.visible_keys(3, 5, mask=mask, window=(1, 1))
shares: Array = normalizers.softmax(np.zeros((2, 5)), np.ones(5, dtype=np.bool_))
joined: tuple[Array, Array] = split.merge(*pair, *pair)

# Self-attention, with its parts exchanged.
x = np.zeros((5, 8))
layer = attnspec.Projections(np.zeros((8, 4)), np.zeros((8, 4)), np.zeros((8, 6)))
sparse: Normalizer = attnspec.sparsemax
hidden: Array = attnspec.self_attention(x, layer, mask=mask, normalizer=sparse)
deeper: Array = attnspec.stacked(x, [layer], normalizer=attnspec.entmax15)
relevance: Array = attnspec.cosine(np.zeros((2, 8)), np.zeros((5, 8)))

# Positions: whole numbers or fractions.
spots = np.arange(3)
slow: Array = attnspec.rotary(query, spots / 2.0, pairing="half_split", width=4)
biases: Array = attnspec.alibi(spots[None, :], attnspec.alibi_slopes(4))
labels: Array = attnspec.sinusoidal(spots, 8, base=500_000.0)

# What must not pass.
attnspec.attention(query=query, key=key, value=value)  # type: ignore[call-arg]
attnspec.attention(query, key, value, mask)  # type: ignore[call-arg]
attnspec.attention(query, key, value, window=3)  # type: ignore[arg-type]
attnspec.attention(query, key, value, alignment="bottom")  # type: ignore[arg-type]
attnspec.attention(query, key, value, scale="auto")  # type: ignore[arg-type]
attnspec.rotary(query, spots, pairing="tiled")  # type: ignore[arg-type]
attnspec.self_attention(x, layer, normalizer="softmax")  # type: ignore[arg-type]
attnspec.alibi_slopes(8.0)  # type: ignore[arg-type]
