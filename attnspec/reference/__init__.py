"""The definitions: what attention is, in float64 and without tricks."""

from __future__ import annotations

from attnspec.reference import heads, masks, normalizers, scores, split
from attnspec.reference.attention import (
    attention,
    attention_weights,
    attention_with_logsumexp,
    weighted_sum,
)
from attnspec.reference.heads import (
    group_count,
    merge_heads,
    repeat_kv,
    split_heads,
)
from attnspec.reference.masks import visible_keys
from attnspec.reference.normalizers import (
    logsumexp,
    logsumexp_with_sink,
    softmax,
    softmax_with_sink,
)
from attnspec.reference.scores import (
    biased,
    default_scale,
    dot_product,
    scaled_dot_product,
    softcapped,
)
from attnspec.reference.split import merge, merge_all, split_attention

__all__ = [
    "attention",
    "attention_weights",
    "attention_with_logsumexp",
    "biased",
    "default_scale",
    "dot_product",
    "group_count",
    "heads",
    "logsumexp",
    "logsumexp_with_sink",
    "masks",
    "merge",
    "merge_all",
    "merge_heads",
    "normalizers",
    "repeat_kv",
    "scaled_dot_product",
    "scores",
    "softcapped",
    "softmax",
    "softmax_with_sink",
    "split",
    "split_attention",
    "split_heads",
    "visible_keys",
    "weighted_sum",
]
