"""The face `single-prefill`: FlashInfer's function of one sequence."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import causal_flag, scale_factor, softcap_or_none
from attnspec.faces._values import always, off, on
from attnspec.kinds.attention.case import AttentionCase


def _of_one(case: AttentionCase, _: object) -> Array:
    """Return the mask with an entry for each query and key of a sequence."""
    sizes = case.sizes
    whole = np.broadcast_to(case.options["mask"], (sizes.B, 1, sizes.L, sizes.S))
    return np.ascontiguousarray(whole[:, 0] if sizes.B > 1 else whole[0, 0])


def _left(case: AttentionCase, _: object) -> int:
    """Return how many keys before its own a query sees; -1 is all."""
    left, _right = case.window or (None, None)
    return -1 if left is None else left


SINGLE_PREFILL = Face(
    id="single-prefill",
    title="flashinfer.single_prefill_with_kv_cache",
    sentence="FlashInfer's function of one sequence, in (L, H, E).",
    axes="LHE",
    parameters=(
        Parameter(
            names=("custom_mask",),
            form="(L, S), bool",
            sentence="boolean, True attends; causal is ignored beside it",
            says={"mask": ("mask", "vector_mask")},
            value=_of_one,
            off=always(None),
            idle=(None,),
        ),
        scale_factor("sm_scale", promised="sm_scale"),
        causal_flag("causal"),
        Parameter(
            names=("window_left",),
            form="int, 0 or more, or -1: unlimited",
            sentence="the number of keys that a query sees before its own",
            says={"window": ("window",)},
            value=_left,
            off=always(-1),
            idle=(-1,),
        ),
        softcap_or_none("logits_soft_cap"),
        Parameter(
            names=("return_lse",),
            sentence="the second result is the logsumexp, (L, Hq), in base 2",
            says={"return_lse": ("return_lse",)},
            value=on,
            off=off,
            idle=(False,),
        ),
    ),
    left_alone=(
        *("scale_q", "scale_k", "scale_v", "o_dtype", "packed_custom_mask"),
        *("kv_layout", "pos_encoding_mode", "use_fp16_qk_reduction", "rope_scale"),
        *("rope_theta", "backend", "k_scale", "v_scale", "jit_args", "jit_kwargs"),
    ),
    tells=(
        frozenset({"kv_layout", "sm_scale"}),
        frozenset({"custom_mask", "sm_scale"}),
        frozenset({"logits_soft_cap", "sm_scale", "window_left"}),
    ),
    common=("sm_scale", "logits_soft_cap"),
    never=("is_causal", "use_tensor_cores", "softmax_scale"),
    returned=Returned(alone="bare", axes="LHE", lse_axes="LH", lse_base=2.0),
    arrays="torch",
    dtypes=("float16", "bfloat16"),
    claims=("grouped_query",),
    without=("unaligned_operands",),
    exclusive=(("mask", "causal"), ("mask", "window")),
    dialect={"alignment": "lower_right", "empty_row": "zero"},
    not_offered=("NotImplementedError", "ValueError"),
    example="flashinfer:single_prefill_with_kv_cache",
)
"""Prefill of one sequence, as FlashInfer has it."""

__all__ = ["SINGLE_PREFILL"]
