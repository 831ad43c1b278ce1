"""The face `mlx`: mlx.core.fast.scaled_dot_product_attention and what replaces it."""

from __future__ import annotations

from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import sinks
from attnspec.faces._values import always, scale, word_or_mask

_AXES = ("head_mask", "vector_mask")

MLX = Face(
    id="mlx",
    title="mlx.core.fast.scaled_dot_product_attention",
    sentence="The function of MLX, and packages that replace it, in (B, H, L, E).",
    parameters=(
        Parameter(
            names=("scale",),
            sentence="the factor on the dot products; always passed",
            says={"scale": ("scale", "nonpositive_scale")},
            value=scale,
            off=scale,
        ),
        Parameter(
            names=("mask",),
            form="'causal', or broadcasts to (B, Hq, L, S), bool, or judged format, "
            "less than infinity",
            sentence="boolean, True attends, or added, or the word 'causal': the "
            "diagonal ends lower right",
            says={
                "mask": ("mask", *_AXES),
                "bias": ("bias", "minus_infinity_bias", *_AXES),
                "causal": ("causal",),
            },
            value=word_or_mask,
            off=always(None),
            idle=(None,),
        ),
        sinks("sinks"),
    ),
    left_alone=("stream", "force_fused"),
    tells=(frozenset({"stream"}), frozenset({"force_fused"}), frozenset({"sinks"})),
    never=("softmax_scale", "sm_scale", "is_causal", "attn_mask"),
    returned=Returned(alone="bare"),
    arrays="mlx",
    claims=("grouped_query", "value_width"),
    exclusive=(("mask", "bias", "causal"),),
    dialect={"alignment": "lower_right"},
    example="mlx.core:fast.scaled_dot_product_attention",
)
"""The attention function of MLX."""

__all__ = ["MLX"]
