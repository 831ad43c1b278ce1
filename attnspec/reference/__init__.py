"""The definitions: what attention is, in float64 and without tricks."""

from __future__ import annotations

from attnspec.reference import (
    absolute,
    activations,
    distance_biases,
    heads,
    masks,
    normalizers,
    relative_keys,
    relevance,
    scores,
    split,
)
from attnspec.reference.absolute import (
    frequencies,
    learned,
    placed,
    sinusoidal,
)
from attnspec.reference.activations import (
    entmax15,
    relu_by_length,
    relu_by_visible,
    sigmoid,
    sparsemax,
)
from attnspec.reference.attention import (
    attention,
    attention_weights,
    attention_with_logsumexp,
    weighted_sum,
)
from attnspec.reference.distance_biases import (
    alibi,
    alibi_signed,
    alibi_slopes,
    t5_bias,
    t5_buckets,
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
from attnspec.reference.relative_keys import (
    clipped_vectors,
    relative_shift,
    shaw_outputs,
    shaw_scores,
    transformer_xl_scores,
)
from attnspec.reference.relevance import (
    additive,
    bilinear,
    concatenated,
    cosine,
    tempered,
)
from attnspec.reference.rotary import (
    rotary,
    rotary_matrix,
    rotary_pairs,
)
from attnspec.reference.scores import (
    biased,
    default_scale,
    dot_product,
    scaled_dot_product,
    softcapped,
)
from attnspec.reference.self_attention import (
    Projections,
    projected,
    self_attention,
    self_attention_by_vector,
    self_attention_of_columns,
    stacked,
)
from attnspec.reference.split import merge, merge_all, split_attention

__all__ = [
    "Projections",
    "absolute",
    "activations",
    "additive",
    "alibi",
    "alibi_signed",
    "alibi_slopes",
    "attention",
    "attention_weights",
    "attention_with_logsumexp",
    "biased",
    "bilinear",
    "clipped_vectors",
    "concatenated",
    "cosine",
    "default_scale",
    "distance_biases",
    "dot_product",
    "entmax15",
    "frequencies",
    "group_count",
    "heads",
    "learned",
    "logsumexp",
    "logsumexp_with_sink",
    "masks",
    "merge",
    "merge_all",
    "merge_heads",
    "normalizers",
    "placed",
    "projected",
    "relative_keys",
    "relative_shift",
    "relevance",
    "relu_by_length",
    "relu_by_visible",
    "repeat_kv",
    "rotary",
    "rotary_matrix",
    "rotary_pairs",
    "scaled_dot_product",
    "scores",
    "self_attention",
    "self_attention_by_vector",
    "self_attention_of_columns",
    "shaw_outputs",
    "shaw_scores",
    "sigmoid",
    "sinusoidal",
    "softcapped",
    "softmax",
    "softmax_with_sink",
    "sparsemax",
    "split",
    "split_attention",
    "split_heads",
    "stacked",
    "t5_bias",
    "t5_buckets",
    "tempered",
    "transformer_xl_scores",
    "visible_keys",
    "weighted_sum",
]
