"""The kind `varlen-gradient`: what is drawn and what is right, its nulls, its face."""

from __future__ import annotations

from typing import Any

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._slots import rows_of
from attnspec.kinds.serving._slots import taken as forward_taken
from attnspec.kinds.serving._varlen_kind import VARLEN
from attnspec.kinds.training import _packed_gradients as gradients
from attnspec.kinds.training import _usage as usage
from attnspec.kinds.training._gathered import Arrays, segment_gradients
from attnspec.kinds.training._of_forward import resting_on
from attnspec.numerics import PRESETS, NumericModel, relaxations
from attnspec.numerics.tracked import Judged
from attnspec.reference import packed_attention_vjp

_OPTIONS = ("scale", "causal", "window", "softcap", "sink")


def _build(recipe: Recipe) -> Case:
    """Return the case of a recipe: a forward call and what is pulled back."""
    forward = packed.build(recipe)
    return gradients.pulled_back(recipe, forward, packed.unowned_rows(forward))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Differentiate within each sequence."""
    options = {name: case[name] for name in _OPTIONS if case[name] is not None}
    arrays = Arrays(*(case[name].swapaxes(0, 1)[None] for name in Arrays._fields))
    segments = packed.segments_of(case)
    found = segment_gradients(arrays, segments, options, gradients.spec(choices), model)
    others = {
        name: pair if name == "dsink" else (_rows(pair[0]), _rows(pair[1]))
        for name, pair in found.others.items()
    }
    return Judged(_rows(found.output), _rows(found.bound), others)


def _rows(array: Array) -> Array:
    """Return what is (1, H, T, n) as (T, H, n)."""
    return array[0].swapaxes(0, 1)


def _defined(  # noqa: PLR0913 - the face of the field
    query: Array,
    key: Array,
    value: Array,
    d_output: Array,
    cu_query: Array,
    cu_key: Array,
    max_query: int,  # noqa: ARG001 - bounds that a definition does not need
    max_key: int,  # noqa: ARG001
    *,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    used_query: Array | None = None,
    used_key: Array | None = None,
) -> tuple[Array, ...]:
    """Evaluate the definition and round its results once."""
    found = packed_attention_vjp(
        *(query, key, value, d_output, cu_query, cu_key),
        used_query=used_query,
        used_key=used_key,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    return gradients.rounded(found._asdict(), query, sink)


def taken(case: Case, slots: Any) -> tuple[Case, sequences.Places]:
    """Return the call with these slots alone, and where its gradients were."""
    other, _ = forward_taken(case, slots)
    queries, keys = (rows_of(case, slots, side) for side in packed.SIDES)
    other = other.replace(d_output=case["d_output"][queries])
    return gradients.sized(other), gradients.places(queries, keys)


def _unowned(case: Case, name: str) -> Array:
    """Return which rows of an operand belong to nobody."""
    return packed.unowned_rows(case, "query" if name == "d_output" else "key")


_NULLS = (
    *("one_sequence", "to_the_end", "late", "next_keys"),
    *("numbered", "measured", "unused_read", *sequences.NULLS),
)

VARLEN_GRADIENT = Kind(
    name="varlen-gradient",
    sentence="Pulls the cotangent of attention back within each packed sequence.",
    table=gradients.table_of(packed.TABLE, without=("return_lse", "into")),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.VARLEN,
    simplest={**VARLEN.simplest, "cotangent": "normal"},
    given=VARLEN.given,
    unsaid=gradients.UNSAID,
    fixed=sequences.FIXED,
    choices={"alignment": VARLEN.choices["alignment"]},
    choice_needs={"alignment": VARLEN.choice_needs["alignment"]},
    probes=(
        {"lengths": ((2, 7), (5, 3)), "width": 8, "data": "normal"} | {"causal": True},
        {"lengths": ((2, 7), (5, 3)), "width": 8, "data": "normal"}
        | {"window": (2, 0)},
    ),
    nulls={
        **{name: VARLEN.nulls[name] for name in _NULLS},
        **gradients.NULLS,
        "touched": gradients.touched(_unowned),
    },
    null_needs={
        **gradients.null_needs(VARLEN),
        "first_of_group": ("grouped_query",),
        "touched": ("rows_behind", "used_query", "used_key"),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
    rests_on_wrong=resting_on(
        VARLEN,
        lambda case: packed.sized(gradients.forward_of(case), return_lse=False),
    ),
)
"""The gradients of packed sequences."""

__all__ = ["VARLEN_GRADIENT", "taken"]
