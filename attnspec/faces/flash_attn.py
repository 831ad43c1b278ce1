"""The face `flash-attn`: flash_attn_func of FlashAttention 2, 3 and 4 and its forks."""

from __future__ import annotations

import dataclasses

from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import causal_flag, no_dropout, scale_factor, sinks
from attnspec.faces._values import always, distances, given, off, on
from attnspec.kinds.attention.kind import ATTENTION

FLASH_ATTN = Face(
    id="flash-attn",
    title="flash_attn_func",
    sentence="FlashAttention 2, 3 and 4, AITER and many packages, in (B, L, H, E).",
    axes="BLHE",
    parameters=(
        scale_factor("softmax_scale", promised="softmax_scale"),
        causal_flag("causal", "is_causal"),
        Parameter(
            names=("window_size",),
            form="(int, int), 0 or more, or -1 or None: unlimited",
            sentence="(left, right): inclusive distances; the default says whether "
            "-1 or None is unlimited",
            says={"window": ("window", "two_sided_window")},
            value=distances,
            off=distances,
            idle=((-1, -1), (None, None), None),
            promised="window_size",
        ),
        Parameter(
            names=("softcap",),
            sentence="c in c tanh(s/c), after the scale; 0 is no cap",
            says={"softcap": ("softcap",)},
            value=given("softcap"),
            off=always(0.0),
            idle=(0.0, None),
            promised="softcap",
        ),
        Parameter(
            names=("alibi_slopes",),
            form="(Hq,) or (B, Hq), float32, 0 or more",
            sentence="m in -m |i + S - L - j|, which is added to the scores",
            says={"alibi_slopes": ("alibi_slopes", "batch_slopes")},
            value=given("alibi_slopes"),
            off=always(None),
            idle=(None,),
        ),
        sinks("learnable_sink", "s_aux", "sink", "sinks"),
        Parameter(
            # In AITER return_attn_probs without return_lse gives something else.
            names=("return_lse", "return_softmax_lse", "return_attn_probs"),
            sentence="the second result is the logsumexp, (B, Hq, L)",
            says={"return_lse": ("return_lse",)},
            value=on,
            off=off,
            idle=(False,),
            promised="return_attn_probs",
        ),
        no_dropout("dropout_p"),
    ),
    left_alone=(
        *("deterministic", "num_splits", "pack_gqa", "sm_margin", "attention_chunk"),
        *("qv", "q_descale", "k_descale", "v_descale", "gather_kv_indices"),
        *("score_mod", "score_mod_bwd", "mask_mod", "aux_tensors", "aux_scalars"),
        *("block_sparse_tensors", "block_sparse_tensors_bwd", "bias"),
    ),
    tells=(frozenset({"softmax_scale"}), frozenset({"window_size", "causal"})),
    never=(
        *("qkv", "kv"),
        *("cu_seqlens_q", "cu_seqlens_qo", "cu_seqlens_k", "max_seqlen_q"),
        *("k_cache", "cache_seqlens", "qkv_format", "kv_layout"),
    ),
    returned=Returned(alone="either", axes="BLHE"),
    arrays="torch",
    dtypes=("float16", "bfloat16"),
    claims=("grouped_query",),
    without=("unaligned_operands",),
    # What takes dropout or ALiBi is version 2, which pads the others by itself.
    multiples={"width": (8, ("dropout_p", "alibi_slopes"))},
    dialect={"alignment": "lower_right", "empty_row": "zero"},
    example="flash_attn:flash_attn_func",
)
"""The functions of the FlashAttention family."""

_VARIABLE = tuple(name for name in FLASH_ATTN.never if name not in ("qkv", "kv"))
_DENSE = ATTENTION.strided

QKV_PACKED = dataclasses.replace(
    FLASH_ATTN,
    id="flash-attn-qkvpacked",
    title="flash_attn_qkvpacked_func",
    sentence="FlashAttention's function of one array (B, L, 3, H, E).",
    packed={"qkv": ("query", "key", "value")},
    left_alone=(*FLASH_ATTN.left_alone, "num_heads_q"),
    tells=(frozenset({"qkv", "softmax_scale"}),),
    never=_VARIABLE,
    claims=(),
    without=(*_DENSE, "unequal_lengths", "more_queries"),
    example="flash_attn:flash_attn_qkvpacked_func",
)
"""FlashAttention of queries, keys and values in one array."""

KV_PACKED = dataclasses.replace(
    FLASH_ATTN,
    id="flash-attn-kvpacked",
    title="flash_attn_kvpacked_func",
    sentence="FlashAttention's function of queries and one array (B, S, 2, Hkv, E).",
    packed={"q": ("query",), "kv": ("key", "value")},
    tells=(frozenset({"kv", "softmax_scale"}),),
    never=_VARIABLE,
    without=_DENSE,
    example="flash_attn:flash_attn_kvpacked_func",
)
"""FlashAttention of keys and values in one array."""

__all__ = ["FLASH_ATTN", "KV_PACKED", "QKV_PACKED"]
