"""The kind `attention`: what the machine is told of it; its laws are beside it."""

from __future__ import annotations

from attnspec import reference
from attnspec._typing import Array, Window
from attnspec.exceptions import Inadmissible
from attnspec.judge import invariance
from attnspec.judge.claims import COMPILED
from attnspec.judge.far import FAR, last_offset
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.likeness import Likeness
from attnspec.judge.words import Words
from attnspec.kinds.attention.alibi import with_alibi
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import Evaluation, evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import CHOICES
from attnspec.kinds.attention.forms import forms
from attnspec.kinds.attention.formula import formula
from attnspec.kinds.attention.nulls import NEEDS, NULLS
from attnspec.kinds.attention.precision import precision_calls
from attnspec.kinds.attention.questions import QUESTIONS
from attnspec.kinds.attention.table import TABLE
from attnspec.kinds.attention.traits import signs, traits
from attnspec.kinds.attention.usage import USAGE
from attnspec.kinds.attention.words import (
    CHOICES_IN_WORDS,
    bare_case_in_words,
    case_in_words,
    model_in_words,
)
from attnspec.numerics import PRESETS, NumericModel, relaxations
from attnspec.numerics.dtypes import working_dtype

_HIDING = ("mask", "minus_infinity_bias", "causal", "window")


def _judge(case: AttentionCase, dialect: Dialect, model: NumericModel) -> Evaluation:
    """Return the exact result and its bounds, if the model promises anything."""
    if reason := admissible(case, dialect, model):
        raise Inadmissible(reason)
    return evaluate(case, dialect, model)


def largest_sizes(case: AttentionCase) -> dict[str, int]:
    """Return the sizes of which a report says the largest."""
    sizes = case.sizes
    far = [
        n for n, layout in case.layouts.items() if layout == FAR and case[n] is not None
    ]
    offsets = [last_offset(case[name].shape) for name in far]
    return {
        "E": sizes.E,
        "Ev": sizes.Ev,
        "group": sizes.Hq // max(1, sizes.Hkv),
        "rows": sizes.B * sizes.Hq * sizes.L,
        "L": sizes.L,
        "S": sizes.S,
        **({"offset": max(offsets)} if offsets else {}),
    }


def _defined(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    scale: float | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    alibi_slopes: Array | None = None,
    return_lse: bool = False,
) -> Array | tuple[Array, Array]:
    """Evaluate the definition and round its result once."""
    output, lse = reference.attention_with_logsumexp(
        query,
        key,
        value,
        mask=mask,
        bias=with_alibi(query, key, bias, alibi_slopes),
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
    )
    wide = working_dtype(query.dtype)
    rounded = output.astype(query.dtype)
    return (rounded, lse.astype(wide)) if return_lse else rounded


ATTENTION = Kind(
    name="attention",
    sentence="Mixes values by how well each key answers a query.",
    table=TABLE,
    build=build,
    judge=_judge,
    value=evaluate,
    definition=_defined,
    usage=USAGE,
    options={
        "mask": ("mask", "head_mask", "vector_mask"),
        "bias": (
            *("bias", "minus_infinity_bias", "float32_bias"),
            *("head_mask", "vector_mask"),
        ),
        "scale": ("scale", "nonpositive_scale"),
        "window": ("window", "two_sided_window"),
        "sink": ("sink", "minus_infinity_sink"),
        "alibi_slopes": ("alibi_slopes", "batch_slopes"),
    },
    given=(
        *("unequal_lengths", "more_queries", "many_rows"),
        *("visible_nan", "visible_infinity"),
        *("strided_operands", "unaligned_operands"),
    ),
    native=("far_offsets",),
    strided=("far_offsets", "strided_operands", "unaligned_operands"),
    unsaid=(
        *("grouped_query", "value_width", "empty_keys", "empty_queries"),
        *("always_causal", "gradients", COMPILED, *invariance.CLAIMS),
    ),
    fixed={"always_causal": "causal"},
    choices=CHOICES,
    choice_needs={
        "alignment": ("causal", "window"),
        "empty_row": _HIDING,
        "empty_lse": ("return_lse",),
        "empty_keys": ("empty_keys",),
        "softcap_order": ("softcap",),
        "causal_alibi": ("alibi_slopes",),
        "nan_masked_key": (),
        "nan_masked_value": (),
        "nan_zero_weight": (),
    },
    questions=QUESTIONS,
    tellers={"alignment": ("causal-support", "window-support")},
    unenforced=("nan_masked_key", "nan_masked_value", "nan_zero_weight"),
    nulls=NULLS,
    null_needs=NEEDS,
    simplest={"queries": 3, "keys": 3, "width": 4, "value_width": 4},
    traits=traits,
    likeness=Likeness(
        signs=signs,
        forms=forms,
        several=("batch", "query_heads", "queries"),
        alike={"bias": "mask"},
    ),
    models=PRESETS,
    sizes=largest_sizes,
    relaxations=relaxations,
    precision_calls=precision_calls,
    words=Words(
        case_in_words,
        model_in_words,
        CHOICES_IN_WORDS,
        formula,
        bare_case_in_words,
    ),
)
"""Attention."""

__all__ = ["ATTENTION", "largest_sizes"]
