"""A program that is type-checked and not run: heads and latents."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import (
    cached_latent_numbers,
    cached_numbers,
    group_count,
    latent_attention_absorbed,
    latent_attention_expanded,
    latent_cache,
    merge_heads,
    multi_head_attention,
    projected_heads,
    repeat_kv,
    split_heads,
    summed_heads,
)
from attnspec.reference.latent import LatentProjections
from attnspec.reference.multi_head import HeadProjections

Array = npt.NDArray[Any]

x, members = np.zeros((2, 3, 8)), np.zeros((2, 5, 6), dtype=np.float32)

# Heads side by side, apart, and shared.
apart = split_heads(x, 4)
assert_type(apart, Array)
assert_type(merge_heads(apart), Array)
assert_type(repeat_kv(apart, 2), Array)
assert_type(group_count(8, 2), int)

# A layer with its matrices.
asks, answers = np.zeros((4, 8, 2)), np.zeros((2, 6, 2))
layer = HeadProjections(asks, answers, answers, np.zeros((4, 2, 8)))
assert_type(layer.output, Array)
assert_type(projected_heads(x, layer.query), Array)
assert_type(summed_heads(apart, layer.output), Array)
assert_type(multi_head_attention(x, members, layer, window=(1, None)), Array)
assert_type(cached_numbers(2, 64, 64), int)

# A layer that keeps latents, read in both forms.
expands, turned = np.zeros((4, 3, 2)), np.zeros((4, 8, 2))
kept = LatentProjections(
    asks, answers[0], expands, expands, layer.output, turned, answers[0]
)
assert_type(kept.latent, Array)
assert_type(latent_cache(members, kept), Array)
assert_type(latent_attention_expanded(x, members, kept, causal=True), Array)
assert_type(latent_attention_absorbed(x, members, kept, scale=0.5), Array)
assert_type(cached_latent_numbers(512, 64), int)

# What must not pass.
split_heads(x, (4, 2))  # type: ignore[arg-type]
HeadProjections(asks, answers, answers)  # type: ignore[call-arg]
multi_head_attention(x, layer)  # type: ignore[call-arg,arg-type]
multi_head_attention(x, x, layer, window=3)  # type: ignore[arg-type]
latent_cache(members, layer)  # type: ignore[arg-type]
latent_attention_expanded(x, members, kept, None)  # type: ignore[call-arg]
