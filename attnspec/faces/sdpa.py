"""The face `sdpa`: PyTorch's scaled_dot_product_attention and what replaces it."""

from __future__ import annotations

from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import no_dropout, scale_factor
from attnspec.faces._values import always, heads_differ, of_rank, off, on

SDPA = Face(
    id="sdpa",
    title="torch.nn.functional.scaled_dot_product_attention",
    sentence="PyTorch's own function, its backends, and packages that replace it.",
    parameters=(
        Parameter(
            names=("attn_mask",),
            form="broadcasts to (B, Hq, L, S), bool, or judged format or float32, less "
            "than infinity",
            sentence="boolean, True attends, or added; two axes at least",
            says={
                "mask": ("mask", "head_mask", "vector_mask"),
                "bias": (
                    *("bias", "minus_infinity_bias", "float32_bias"),
                    *("head_mask", "vector_mask"),
                ),
            },
            value=of_rank(2),
            off=always(None),
            idle=(None,),
            promised="attn_mask",
        ),
        Parameter(
            names=("is_causal",),
            sentence="no query sees a later key; the diagonal starts upper left",
            says={"causal": ("causal",)},
            value=on,
            off=off,
            idle=(False,),
            promised="is_causal",
        ),
        scale_factor("scale", "nonpositive_scale", promised="scale"),
        Parameter(
            names=("enable_gqa",),
            form="bool",
            sentence="query heads share key heads; passed where they do",
            claims=("grouped_query",),
            off=heads_differ,
        ),
        no_dropout("dropout_p"),
    ),
    tells=(frozenset({"attn_mask"}),),
    never=("tensor_layout", "kv_layout", "module"),
    returned=Returned(alone="bare"),
    arrays="torch",
    claims=("value_width",),
    # The documents say that it is an error to give a mask together with is_causal.
    exclusive=(("mask", "bias", "causal"),),
    dialect={"alignment": "upper_left", "empty_row": "zero", "empty_keys": "zero"},
    example="torch.nn.functional:scaled_dot_product_attention",
)
"""PyTorch's scaled_dot_product_attention."""

__all__ = ["SDPA"]
