"""The face `jax`: jax.nn.dot_product_attention, Tokamax and Keras."""

from __future__ import annotations

from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import scale_factor, softcap_or_none
from attnspec.faces._values import (
    always,
    far_distances,
    off,
    on,
    rank_four,
)

JAX = Face(
    id="jax",
    title="jax.nn.dot_product_attention",
    sentence="JAX's own function, Tokamax and Keras, in (B, L, H, E).",
    axes="BLHE",
    parameters=(
        Parameter(
            names=("mask",),
            sentence="boolean, True attends; (B, Hq, L, S)",
            says={"mask": ("mask", "head_mask", "vector_mask")},
            value=rank_four("mask"),
            off=always(None),
            idle=(None,),
        ),
        Parameter(
            names=("bias",),
            sentence="added to the scores; (B, Hq, L, S)",
            says={
                "bias": (
                    *("bias", "minus_infinity_bias", "float32_bias"),
                    *("head_mask", "vector_mask"),
                )
            },
            value=rank_four("bias"),
            off=always(None),
            idle=(None,),
        ),
        scale_factor("scale", "nonpositive_scale"),
        Parameter(
            names=("is_causal",),
            sentence="no query sees a later key; the diagonal starts upper left",
            says={"causal": ("causal",)},
            value=on,
            off=off,
            idle=(False,),
        ),
        Parameter(
            names=("local_window_size",),
            form="(int, int), 0 or more",
            sentence="(left, right): inclusive distances; what is beyond all keys is "
            "unlimited",
            says={"window": ("window", "two_sided_window")},
            value=far_distances,
            off=always(None),
            idle=(None,),
        ),
        # Tokamax's; that of Keras does not say where it comes.
        softcap_or_none("logits_soft_cap", softcap_order="after_bias"),
        softcap_or_none("attn_logits_soft_cap"),
        Parameter(
            names=("return_residual",),
            sentence="the second result is the logsumexp, (B, L, Hq), in the format "
            "of the keys",
            says={"return_lse": ("return_lse",)},
            value=on,
            off=off,
            idle=(False,),
        ),
    ),
    left_alone=(
        *("query_seq_lengths", "key_value_seq_lengths", "implementation"),
        *("flash_attention", "precision", "q_sharding"),
    ),
    tells=tuple(
        frozenset({name})
        for name in (
            *("key_value_seq_lengths", "query_seq_lengths", "local_window_size"),
            *("logits_soft_cap", "attn_logits_soft_cap"),
        )
    ),
    never=("kv_layout", "sm_scale"),
    returned=Returned(alone="bare", axes="BLHE", lse_axes="BLH", lse_format="operands"),
    arrays="jax",
    claims=("grouped_query",),
    dialect={"alignment": "upper_left"},
    # Keras says so of a cap that its backend has not.
    not_offered=("NotImplementedError", "ValueError"),
    example="jax.nn:dot_product_attention",
)
"""JAX's dot_product_attention."""

__all__ = ["JAX"]
