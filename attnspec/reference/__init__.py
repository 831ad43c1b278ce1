"""The definitions: what attention is, in float64 and without tricks.

The annotations of a definition are the rule for its arguments: what does not fit is
refused with an `attnspec.exceptions.InvalidArgument`.
"""

from __future__ import annotations

from attnspec.reference import (
    band_cost,
    banded,
    block_mask,
    cached,
    chunked_mask,
    convolution,
    convolution_2d,
    cross_attention,
    decoding,
    dilated_mask,
    distance_attention,
    document_mask,
    global_mask,
    gradients,
    grid_mask,
    heads,
    influence,
    kv_cache,
    latent,
    masks,
    multi_head,
    neighborhood,
    normalized_linear,
    padded,
    paged,
    paged_append,
    placed_attention,
    pooling,
    prefix_mask,
    relu,
    rnn,
    rope,
    scores,
    segments,
    sets,
    shaw,
    sink_window_mask,
    split,
    t5,
    transformer_xl,
    varlen,
    window_mask,
)
from attnspec.reference._latent_projections import LatentProjections
from attnspec.reference.additive import additive, concatenated
from attnspec.reference.alibi import alibi, alibi_signed, alibi_slopes
from attnspec.reference.attention import (
    attention,
    attention_weights,
    attention_with_logsumexp,
    weighted_sum,
)
from attnspec.reference.band_cost import band, pairs
from attnspec.reference.banded import banded_attention, reach, zeroed_after
from attnspec.reference.bilinear import bilinear
from attnspec.reference.block_mask import blocks
from attnspec.reference.cached import (
    Cached,
    append,
    cached_attention,
    turn_by_tables,
)
from attnspec.reference.chain_length import chain_length
from attnspec.reference.chunked_mask import chunked
from attnspec.reference.convolution import (
    Border,
    attend_by_taps,
    convolve,
    tap_weights,
    taps,
)
from attnspec.reference.convolution_2d import tap_weights_2d
from attnspec.reference.cosine import cosine
from attnspec.reference.cross_attention import read_set
from attnspec.reference.decoding import (
    Cache,
    Decoder,
    cache_of,
    cached_logits,
    decode_greedily,
    next_logits,
)
from attnspec.reference.delta_rule import (
    corrections,
    delta_rule,
    delta_rule_chunked,
    delta_rule_recurrent,
)
from attnspec.reference.dilated_mask import dilated
from attnspec.reference.distance_attention import (
    distance_scores,
    relative_attention,
    renormalized_convolution,
    sharpened_taps,
)
from attnspec.reference.document_mask import documents
from attnspec.reference.entmax15 import entmax15
from attnspec.reference.global_mask import global_tokens
from attnspec.reference.gradients import (
    EmptyRow,
    Gradients,
    attention_backward,
    attention_vjp,
)
from attnspec.reference.grid_mask import over_grid
from attnspec.reference.heads import group_count, repeat_kv
from attnspec.reference.influence import attention_jacobian, dependence, influence_norms
from attnspec.reference.kv_cache import CacheStep, cache_attention, tokens_held
from attnspec.reference.latent import (
    latent_attention_absorbed,
    latent_attention_expanded,
)
from attnspec.reference.latent_cache import cached_latent_numbers, latent_cache
from attnspec.reference.learned import learned
from attnspec.reference.linear_attention import (
    linear_attention,
    linear_attention_chunked,
    linear_attention_recurrent,
    survivals,
)
from attnspec.reference.masks import visible_keys
from attnspec.reference.merge import merge, merge_all
from attnspec.reference.merge_heads import merge_heads
from attnspec.reference.multi_head import (
    HeadProjections,
    cached_numbers,
    multi_head_attention,
    projected_heads,
    summed_heads,
)
from attnspec.reference.neighborhood import shifted_window
from attnspec.reference.normalized_linear import (
    elu_plus_one,
    normalized_linear_attention,
)
from attnspec.reference.padded import (
    padded_attention,
    padded_attention_vjp,
    padded_segments,
)
from attnspec.reference.paged import gather_pages, paged_attention
from attnspec.reference.paged_append import append_to_pages, new_slots
from attnspec.reference.placed_attention import placed
from attnspec.reference.pooling import pool
from attnspec.reference.prefix_mask import prefix
from attnspec.reference.relative_shift import relative_shift
from attnspec.reference.relu import relu_by_length, relu_by_visible
from attnspec.reference.rnn import Recurrence, rnn_jacobian, tanh_rnn
from attnspec.reference.rope import (
    rotary,
    rotary_matrix,
    rotary_pairs,
    rotary_proportional,
)
from attnspec.reference.scores import (
    biased,
    default_scale,
    dot_product,
    scaled_dot_product,
    softcap_slope,
    softcapped,
    tempered,
)
from attnspec.reference.segments import Segment, attend_segments, segments_vjp
from attnspec.reference.self_attention import (
    Projections,
    projected,
    self_attention,
    self_attention_by_vector,
    self_attention_of_columns,
    stacked,
)
from attnspec.reference.sets import padded_set
from attnspec.reference.shaw import clipped_vectors, shaw_outputs, shaw_scores
from attnspec.reference.sigmoid import sigmoid
from attnspec.reference.sink_window_mask import sink_window
from attnspec.reference.sinusoidal import frequencies, sinusoidal
from attnspec.reference.softmax import (
    logsumexp,
    logsumexp_with_sink,
    softmax,
    softmax_with_sink,
)
from attnspec.reference.sparsemax import sparsemax
from attnspec.reference.split import split_attention
from attnspec.reference.split_heads import split_heads
from attnspec.reference.t5 import t5_bias, t5_buckets
from attnspec.reference.transformer_xl import transformer_xl_scores
from attnspec.reference.varlen import (
    packed_attention,
    packed_attention_vjp,
    packed_segments,
)
from attnspec.reference.window_mask import (
    window_of_cudnn,
    window_of_flash_attention,
    window_of_flashinfer,
    window_of_jax,
    window_of_keras,
    window_of_longformer,
    window_of_transformers,
    window_of_xformers,
)

__all__ = [
    "Border",
    "Cache",
    "CacheStep",
    "Cached",
    "Decoder",
    "EmptyRow",
    "Gradients",
    "HeadProjections",
    "LatentProjections",
    "Projections",
    "Recurrence",
    "Segment",
    "additive",
    "alibi",
    "alibi_signed",
    "alibi_slopes",
    "append",
    "append_to_pages",
    "attend_by_taps",
    "attend_segments",
    "attention",
    "attention_backward",
    "attention_jacobian",
    "attention_vjp",
    "attention_weights",
    "attention_with_logsumexp",
    "band",
    "band_cost",
    "banded",
    "banded_attention",
    "biased",
    "bilinear",
    "block_mask",
    "blocks",
    "cache_attention",
    "cache_of",
    "cached",
    "cached_attention",
    "cached_latent_numbers",
    "cached_logits",
    "cached_numbers",
    "chain_length",
    "chunked",
    "chunked_mask",
    "clipped_vectors",
    "concatenated",
    "convolution",
    "convolution_2d",
    "convolve",
    "corrections",
    "cosine",
    "cross_attention",
    "decode_greedily",
    "decoding",
    "default_scale",
    "delta_rule",
    "delta_rule_chunked",
    "delta_rule_recurrent",
    "dependence",
    "dilated",
    "dilated_mask",
    "distance_attention",
    "distance_scores",
    "document_mask",
    "documents",
    "dot_product",
    "elu_plus_one",
    "entmax15",
    "frequencies",
    "gather_pages",
    "global_mask",
    "global_tokens",
    "gradients",
    "grid_mask",
    "group_count",
    "heads",
    "influence",
    "influence_norms",
    "kv_cache",
    "latent",
    "latent_attention_absorbed",
    "latent_attention_expanded",
    "latent_cache",
    "learned",
    "linear_attention",
    "linear_attention_chunked",
    "linear_attention_recurrent",
    "logsumexp",
    "logsumexp_with_sink",
    "masks",
    "merge",
    "merge_all",
    "merge_heads",
    "multi_head",
    "multi_head_attention",
    "neighborhood",
    "new_slots",
    "next_logits",
    "normalized_linear",
    "normalized_linear_attention",
    "over_grid",
    "packed_attention",
    "packed_attention_vjp",
    "packed_segments",
    "padded",
    "padded_attention",
    "padded_attention_vjp",
    "padded_segments",
    "padded_set",
    "paged",
    "paged_append",
    "paged_attention",
    "pairs",
    "placed",
    "placed_attention",
    "pool",
    "pooling",
    "prefix",
    "prefix_mask",
    "projected",
    "projected_heads",
    "reach",
    "read_set",
    "relative_attention",
    "relative_shift",
    "relu",
    "relu_by_length",
    "relu_by_visible",
    "renormalized_convolution",
    "repeat_kv",
    "rnn",
    "rnn_jacobian",
    "rope",
    "rotary",
    "rotary_matrix",
    "rotary_pairs",
    "rotary_proportional",
    "scaled_dot_product",
    "scores",
    "segments",
    "segments_vjp",
    "self_attention",
    "self_attention_by_vector",
    "self_attention_of_columns",
    "sets",
    "sharpened_taps",
    "shaw",
    "shaw_outputs",
    "shaw_scores",
    "shifted_window",
    "sigmoid",
    "sink_window",
    "sink_window_mask",
    "sinusoidal",
    "softcap_slope",
    "softcapped",
    "softmax",
    "softmax_with_sink",
    "sparsemax",
    "split",
    "split_attention",
    "split_heads",
    "stacked",
    "summed_heads",
    "survivals",
    "t5",
    "t5_bias",
    "t5_buckets",
    "tanh_rnn",
    "tap_weights",
    "tap_weights_2d",
    "taps",
    "tempered",
    "tokens_held",
    "transformer_xl",
    "transformer_xl_scores",
    "turn_by_tables",
    "varlen",
    "visible_keys",
    "weighted_sum",
    "window_mask",
    "window_of_cudnn",
    "window_of_flash_attention",
    "window_of_flashinfer",
    "window_of_jax",
    "window_of_keras",
    "window_of_longformer",
    "window_of_transformers",
    "window_of_xformers",
    "zeroed_after",
]
