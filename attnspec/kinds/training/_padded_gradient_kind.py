"""The kind `padded-gradient`: what is drawn and what is right, its nulls, its face."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.questions import Call
from attnspec.judge.recipe import Recipe
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _padded as padded
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._padded_kind import PADDED
from attnspec.kinds.training import _packed_gradients as gradients
from attnspec.kinds.training import _usage as usage
from attnspec.kinds.training._gathered import Arrays, segment_gradients
from attnspec.kinds.training._of_forward import resting_on
from attnspec.numerics import PRESETS, NumericModel, relaxations
from attnspec.numerics.tracked import Judged
from attnspec.reference import padded_attention_vjp, padded_segments


def past(case: Case, name: str) -> Array:
    """Return which rows of an operand, or of its gradient, are padding (B, H, n)."""
    is_query = name in ("query", "d_output", "dq")
    rows = padded.past_queries(case) if is_query else padded.past_keys(case)
    heads = case["query" if is_query else "key"].shape[1]
    return np.broadcast_to(rows[:, None], (len(rows), heads, rows.shape[1]))


def _build(recipe: Recipe) -> Case:
    """Return the case of a recipe: a forward call and what is pulled back."""
    forward = padded.build(recipe)
    return gradients.pulled_back(recipe, forward, past(forward, "d_output"))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Differentiate within each sequence."""
    lengths = padded.lengths_read(case, choices)
    visible = padded.visible_in(case, lengths, choices)
    is_mean = choices["no_keys"] == "mean" and case["sink"] is None
    if is_mean and padded.unseeing(case, visible, lengths).any():
        msg = "the gradient of a mean of padding"
        raise Inadmissible(msg)
    names = ("scale", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    options["mask"] = visible
    arrays = Arrays(*(case[name] for name in Arrays._fields))
    segments = padded_segments(*lengths)
    return segment_gradients(arrays, segments, options, gradients.spec({}), model)


def _defined(
    query: Array,
    key: Array,
    value: Array,
    d_output: Array,
    *,
    query_lengths: Array | None = None,
    key_lengths: Array | None = None,
    causal: bool = False,
    window: Window | None = None,
    mask: Array | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
) -> tuple[Array, ...]:
    """Evaluate the definition and round its results once."""
    if key_lengths is not None:
        key_lengths = np.broadcast_to(key_lengths, len(query))
    if mask is not None:
        missing = key.shape[2] - mask.shape[3]
        mask = np.pad(mask, ((0, 0), (0, 0), (0, 0), (0, missing)))
    found = padded_attention_vjp(
        *(query, key, value, d_output),
        query_lengths=query_lengths,
        key_lengths=key_lengths,
        causal=causal,
        window=window,
        mask=mask,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    return gradients.rounded(found._asdict(), query, sink)


def _no_keys(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out whether the answer to a query without keys is a mean: it has a gradient.

    No bound is known where it is one, so that no probe tells it.
    """
    if not capabilities.allows({"no_keys", "key_lengths"}):
        return None
    fields: dict[str, Any] = {
        "lengths": ((2, 3), (3, 0)),
        "width": 8,
        "key_lengths": True,
        "cotangent": "normal",
    }
    recipe = PADDED_GRADIENT.recipe(dtype, **fields)
    recipe = PADDED_GRADIENT.table.within(recipe, capabilities)
    dv = call(PADDED_GRADIENT.case(recipe)).others["dv"]
    return "mean" if dv[1].any() else "zeros"


_CHOICES = ("frontier", "no_keys", "length")

PADDED_GRADIENT = Kind(
    name="padded-gradient",
    sentence="Pulls the cotangent of attention back within each padded sequence.",
    table=gradients.table_of(padded.TABLE, without=("return_lse", "bias")),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.PADDED,
    options=PADDED.options,
    simplest={**PADDED.simplest, "cotangent": "normal"},
    given=PADDED.given,
    unsaid=(*gradients.UNSAID, "one_length"),
    fixed=sequences.FIXED,
    choices={name: PADDED.choices[name] for name in _CHOICES},
    choice_needs={name: PADDED.choice_needs[name] for name in _CHOICES},
    probes=tuple(
        {n: v for n, v in probe.items() if n != "return_lse"} for probe in PADDED.probes
    ),
    questions={"no_keys": _no_keys},
    nulls={
        **{n: null for n, null in PADDED.nulls.items() if n != "unbiased"},
        **gradients.NULLS,
        "touched": gradients.touched(past),
    },
    null_needs={
        **gradients.null_needs(PADDED, without=("unbiased",)),
        "first_of_group": ("grouped_query",),
        "touched": ("key_lengths", "query_lengths"),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
    rests_on_wrong=resting_on(
        PADDED,
        lambda case: padded.sized(gradients.forward_of(case), return_lse=False),
    ),
)
"""The gradients of padded sequences."""

__all__ = ["PADDED_GRADIENT", "past"]
