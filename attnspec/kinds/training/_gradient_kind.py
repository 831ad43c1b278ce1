"""The kind `attention-gradient`: what the machine is told of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.exceptions import Inadmissible
from attnspec.judge.bits import normals
from attnspec.judge.case import Case
from attnspec.judge.claims import COMPILED
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.nulls import Right, forgetting
from attnspec.judge.recipe import Recipe
from attnspec.judge.words import Words
from attnspec.kinds.attention.alibi import with_alibi
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import CHOICES
from attnspec.kinds.attention.gradients.evaluator import (
    GradientEvaluation,
    evaluate_gradients,
)
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.attention.kind import ATTENTION, largest_sizes
from attnspec.kinds.attention.words import case_in_words, model_in_words
from attnspec.kinds.training._gradient_cases import TABLE, build
from attnspec.kinds.training._of_forward import resting_on
from attnspec.kinds.training._usage import USAGE
from attnspec.numerics import PRESETS, NumericModel, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import (
    Gradients,
    attention_backward,
    attention_vjp,
    attention_with_logsumexp,
)

_HIDING = ("mask", "minus_infinity_bias", "causal", "window")


def _judge(case: Case, choices: Dialect, model: NumericModel) -> GradientEvaluation:
    """Return the exact gradients and their bounds, if the model promises anything."""
    if choices["lse_gradient"] == "dropped":
        case = case.without("d_lse")
    if reason := admissible(forward_case(case), choices, model):
        raise Inadmissible(reason)
    found = evaluate_gradients(case, choices, model)
    if reason := found.overflow:
        raise Inadmissible(reason)
    if not case["return_saved"]:
        return found
    forward = evaluate(forward_case(case), choices, model)
    saved = {"output": (forward.output, forward.bound), **forward.others}
    return dataclasses.replace(found, gradients={**found.gradients, **saved})


def _defined(  # noqa: PLR0913 - all that attention has, and what was saved
    query: Array,
    key: Array,
    value: Array,
    d_output: Array,
    *,
    output: Array | None = None,
    lse: Array | None = None,
    d_lse: Array | None = None,
    kept: Array | None = None,
    mask: Array | None = None,
    bias: Array | None = None,
    scale: float | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    alibi_slopes: Array | None = None,
    return_saved: bool = False,
    retain_graph: bool = False,  # noqa: ARG001 - a second pass gives the same
) -> tuple[Array, ...]:
    """Evaluate the definition and round its results once."""
    options: dict[str, Any] = {
        "d_lse": d_lse,
        "kept": kept,
        "mask": mask,
        "bias": with_alibi(query, key, bias, alibi_slopes),
        "scale": scale,
        "causal": causal,
        "window": window,
        "softcap": softcap,
        "sink": sink,
    }
    if output is None or lse is None:
        found = attention_vjp(query, key, value, d_output, **options)
    else:
        saved = (output, lse)
        found = attention_backward(d_output, query, key, value, *saved, **options)
    found = found._replace(dbias=_of_bias(found, bias))
    rounded = _rounded(found, query, bias, sink)
    if not return_saved:
        return rounded
    forward = {n: v for n, v in options.items() if n not in ("d_lse", "kept")}
    o, logsumexp = attention_with_logsumexp(query, key, value, **forward)
    wide = working_dtype(query.dtype)
    return (*rounded, o.astype(query.dtype), logsumexp.astype(wide))


def _of_bias(found: Gradients, bias: Array | None) -> Array | None:
    """Return the gradient of a bias alone, of that of all that is added to scores."""
    if bias is None or found.dbias is None:
        return None
    whole = found.dbias
    shape = (1,) * (whole.ndim - bias.ndim) + bias.shape
    axes = tuple(n for n, length in enumerate(shape) if length < whole.shape[n])
    return whole.sum(axis=axes, keepdims=True).reshape(bias.shape)


def _rounded(
    found: Gradients, query: Array, bias: Array | None, sink: Array | None
) -> tuple[Array, ...]:
    """Return the gradients that there are, in the formats of their operands."""
    dtypes = [query.dtype] * 3
    dtypes += [operand.dtype for operand in (bias, sink) if operand is not None]
    there = [gradient for gradient in found if gradient is not None]
    return tuple(g.astype(d) for g, d in zip(there, dtypes, strict=True))


def _first_of_group(case: Case, right: Right) -> Array:
    """Take the gradient of one query head for that of all that share a key head."""
    found, group = right(case), case["query"].shape[1] // case["key"].shape[1]
    return found / group


def _next_row(case: Case, right: Right) -> Array:
    """Give each row the gradient of the one before it."""
    return np.roll(right(case), 1, axis=2)


def _scale_off(case: Case, right: Right) -> Array:
    """Forget the scale."""
    scale = forward_case(case).effective_scale
    return right(case) / (scale or 1.0)


class _Random:
    """Answers each call with other noise."""

    def __init__(self) -> None:
        """Begin with the first call."""
        self._calls = 0

    def __call__(self, case: Case, right: Right) -> Array:
        """Answer a call."""
        self._calls += 1
        return normals(self._calls, "null", right.shape(case))


def _in_words(recipe: Recipe) -> str:
    """Return what a recipe makes: the forward problem, and what is pulled back."""
    said = [case_in_words(recipe), f"{recipe['cotangent']} cotangent"]
    said += ["with one of the logsumexp"] if recipe["d_lse"] else []
    said += [f"{recipe['kept']:g} dropped"] if recipe["kept"] else []
    return ", ".join(said)


_STRIDED = ("strided_operands", "unaligned_operands")

ATTENTION_GRADIENT = Kind(
    name="attention-gradient",
    sentence="Pulls the cotangent of attention's output back to its operands.",
    table=TABLE,
    build=build,
    judge=_judge,
    definition=_defined,
    usage=USAGE,
    options={
        "output": ("saved",),
        "lse": ("saved",),
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
    given=("unequal_lengths", "more_queries", *_STRIDED),
    strided=_STRIDED,
    unsaid=(
        *("grouped_query", "value_width", "empty_keys", "empty_queries"),
        *("refuses_bias", COMPILED),
    ),
    choices={
        "alignment": ("lower_right", "upper_left"),
        "empty_row": ("zero", "mean"),
        "softcap_order": CHOICES["softcap_order"],
        "causal_alibi": CHOICES["causal_alibi"],
        "lse_gradient": ("flows", "dropped"),
    },
    choice_needs={
        "alignment": ("causal", "window"),
        "empty_row": _HIDING,
        "softcap_order": ("softcap",),
        "causal_alibi": ("alibi_slopes",),
        "lse_gradient": ("d_lse",),
    },
    probes=(
        {"queries": 5, "keys": 9, "width": 4, "value_width": 4, "causal": True}
        | {"mask": "empty_rows", "d_lse": "normal"},
        {"queries": 5, "keys": 5, "width": 4, "value_width": 4, "window": (1, 1)}
        | {"mask": "empty_rows"},
        {"queries": 5, "keys": 5, "width": 4, "value_width": 4, "softcap": 1.0}
        | {"bias": "normal"},
        # What is common to a row of scores shows beside a sink alone.
        {"queries": 5, "keys": 5, "width": 4, "value_width": 4, "causal": True}
        | {"alibi_slopes": "drawn", "sink": "normal"},
    ),
    nulls={
        "next_row": _next_row,
        "halved": lambda case, right: right(case) * 0.5,
        "scale_off": _scale_off,
        "first_of_group": _first_of_group,
        "random": _Random,
        "unmasked": forgetting("mask", "causal", "window"),
        "d_lse_dropped": forgetting("d_lse"),
        "nothing_dropped": forgetting("kept"),
    },
    null_needs={"d_lse_dropped": ("d_lse",), "nothing_dropped": ("kept",)},
    simplest={"queries": 3, "keys": 3, "width": 4, "value_width": 4},
    models=PRESETS,
    relaxations=relaxations,
    words=Words(case=_in_words, model=model_in_words),
    sizes=lambda case: largest_sizes(forward_case(case)),
    rests_on_wrong=resting_on(ATTENTION, forward_case),
)
"""The gradients of attention."""

ATTENTION_GRADIENT.agreement_law(
    "gradients.formula",
    "The gradients of query, key and value are those of the formula.",
    nulls=(
        *("zeros", "zeros:dk", "zeros:dv"),
        "next_row",
        "halved",
        "halved:dk",
        "halved:dv",
        "scale_off",
    ),
    pins=("model-widths", "model-groups", "cotangents-in-memory"),
)

__all__ = ["ATTENTION_GRADIENT"]
