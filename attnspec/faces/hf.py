"""The face `hf`: attention functions of Hugging Face's Transformers."""

from __future__ import annotations

from types import SimpleNamespace

from attnspec.faces._face import Face, Parameter, Returned
from attnspec.faces._keywords import no_dropout, scale_factor, sinks, softcap_or_none
from attnspec.faces._values import (
    always,
    keys_with_self,
    lowest_where_hidden,
    off,
    on,
    rank_four,
)
from attnspec.kinds.attention.case import AttentionCase


def _module(case: AttentionCase) -> SimpleNamespace:
    """Return what stands in for the layer that calls the function."""
    config = SimpleNamespace(_attn_implementation="eager")
    return SimpleNamespace(
        num_key_value_groups=case.sizes.Hq // max(1, case.sizes.Hkv),
        is_causal=False,
        training=False,
        layer_idx=0,
        sinks=None,
        config=config,
    )


_MASK = ("mask", "head_mask", "vector_mask")
_ADDED = ("bias", "head_mask", "vector_mask")

HF = Face(
    id="hf",
    title="attention_forward",
    sentence="What AttentionInterface calls; (B, H, L, E) comes back as (B, L, H, E).",
    parameters=(
        Parameter(
            names=("attention_mask",),
            form="(B, Hq, L, S), judged format, finite",
            sentence="added; where a key is hidden it is the lowest number of the "
            "format",
            says={"mask": _MASK, "bias": _ADDED},
            value=lowest_where_hidden,
            off=always(None),
            unless=("is_causal", "sliding_window"),
        ),
        Parameter(
            names=("attention_mask",),
            form="(B, Hq, L, S), bool",
            sentence="boolean, True attends, beside is_causal",
            says={"mask": _MASK},
            value=rank_four("mask"),
            off=always(None),
            beside=("is_causal",),
            unless=("sliding_window",),
        ),
        Parameter(
            names=("attention_mask",),
            form="None",
            sentence="None beside sliding_window, where it says what is padding",
            off=always(None),
            beside=("sliding_window",),
        ),
        scale_factor("scaling"),
        Parameter(
            names=("is_causal",),
            sentence="no query sees a later key; the default asks the module",
            says={"causal": ("causal",)},
            value=on,
            off=off,
            idle=(False,),
        ),
        Parameter(
            names=("sliding_window",),
            form="int, 1 or more",
            sentence="the number of keys that a query sees to its left, itself "
            "included",
            says={"window": ("window",)},
            value=keys_with_self,
            off=always(None),
            idle=(None,),
            beside=("is_causal",),
        ),
        softcap_or_none("softcap"),
        sinks("s_aux", "learnable_sink"),
        no_dropout("dropout"),
    ),
    left_alone=("position_bias", "cache"),
    tells=(frozenset({"module", "attention_mask"}),),
    leading={"module": _module},
    returned=Returned(alone="first", axes="BLHE"),
    arrays="torch",
    claims=("grouped_query", "value_width"),
    # Where a mask is made, it holds what is causal; the corner is another in each.
    exclusive=(("mask", "bias", "causal"), ("causal", "unequal_lengths")),
    not_offered=("NotImplementedError", "ValueError"),
    example="transformers.integrations.sdpa_attention:sdpa_attention_forward",
)
"""The attention functions of Transformers."""

__all__ = ["HF"]
