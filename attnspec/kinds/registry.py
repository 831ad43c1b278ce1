"""The laws: each sees a case and a narrow way to call a function, never a library."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import get_args, get_type_hints

from attnspec.exceptions import UnknownName
from attnspec.judge import law as law_module
from attnspec.judge.claims import CLAIMS
from attnspec.judge.kind import Bench, Choices, Kind
from attnspec.judge.law import ATTENTION, AttentionBench, Invariant, find
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.attention.laws import attention as attention_attention
from attnspec.kinds.attention.laws import calls as attention_calls
from attnspec.kinds.attention.laws import definition as attention_definition
from attnspec.kinds.attention.laws import dialects as attention_dialects
from attnspec.kinds.attention.laws import masks as attention_masks
from attnspec.kinds.attention.laws import normalizers as attention_normalizers
from attnspec.kinds.attention.laws import recurrence as attention_recurrence
from attnspec.kinds.attention.laws import scores as attention_scores
from attnspec.kinds.attention.laws import split as attention_split
from attnspec.kinds.attention.nulls import null_kernel, tellable
from attnspec.kinds.convolution import convolution, convolution_2d, distance_attention
from attnspec.kinds.layers import (
    cross_attention,
    decoding,
    latent,
    latent_cache,
    merge_heads,
    multi_head,
    pooling,
    self_attention,
    split_heads,
)
from attnspec.kinds.normalizers import entmax15, relu, sigmoid, softmax, sparsemax
from attnspec.kinds.positions import (
    alibi,
    learned,
    placed_attention,
    relative_shift,
    rope,
    shaw,
    sinusoidal,
    t5,
    transformer_xl,
)
from attnspec.kinds.recurrence import (
    chain_length,
    delta_rule,
    linear_attention,
    normalized_linear,
    rnn,
)
from attnspec.kinds.relevance import additive, bilinear, cosine
from attnspec.kinds.windows import (
    band_cost,
    banded,
    block_mask,
    dilated_mask,
    document_mask,
    global_mask,
    grid_mask,
    neighborhood,
    neighborhood_2d,
    prefix_mask,
    window_mask,
)

CHAPTERS = (
    attention_calls,
    attention_definition,
    attention_scores,
    attention_normalizers,
    attention_masks,
    attention_dialects,
    attention_attention,
    attention_split,
    attention_recurrence,
    softmax,
    sparsemax,
    entmax15,
    sigmoid,
    relu,
    additive,
    bilinear,
    cosine,
    self_attention,
    cross_attention,
    pooling,
    decoding,
    multi_head,
    split_heads,
    merge_heads,
    latent,
    latent_cache,
    sinusoidal,
    learned,
    placed_attention,
    rope,
    alibi,
    t5,
    shaw,
    transformer_xl,
    relative_shift,
    banded,
    band_cost,
    window_mask,
    neighborhood,
    neighborhood_2d,
    prefix_mask,
    dilated_mask,
    block_mask,
    document_mask,
    global_mask,
    grid_mask,
    convolution,
    convolution_2d,
    distance_attention,
    rnn,
    chain_length,
    linear_attention,
    normalized_linear,
    delta_rule,
)
"""The modules of laws, in the order in which they run."""

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for chapter in CHAPTERS
    for kind in vars(chapter).values()
    if isinstance(kind, Kind)
}
"""The kinds of functions beside attention, by name."""

_HOMES = {
    kind.name: chapter.__name__
    for chapter in CHAPTERS
    for kind in vars(chapter).values()
    if isinstance(kind, Kind)
}
"""The module of each kind: it has all laws of it, wherever their checks are written."""

INVARIANTS: Mapping[str, Invariant] = {
    id: law
    for chapter in CHAPTERS
    for id, law in law_module.INVARIANTS.items()  # noqa: A001 - the field's name
    if chapter.__name__ == _HOMES.get(law.kind, law.check.__module__)
}
"""The invariants of all kinds by id, in the order in which they run."""


def invariants_of(kind: str) -> tuple[Invariant, ...]:
    """Return the laws of a kind, in the order in which they run."""
    kind_named(kind)
    return tuple(law for law in INVARIANTS.values() if law.kind == kind)


def agreement_of(kind: str) -> str:
    """Return the id of the law that compares a kind's functions with its definition."""
    return "agreement" if kind == ATTENTION else f"{kind}-agreement"


def kind_named(name: str) -> Kind | None:
    """Return a kind by name, and None for attention.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if name != ATTENTION and name not in KINDS:
        close = difflib.get_close_matches(name, (ATTENTION, *KINDS), 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        msg = f"kind: expected one that 'attnspec kinds' lists; got {name!r}{hint}"
        raise UnknownName(msg)
    return KINDS.get(name)


def choices_of(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Return the fields of a kind's dialect with their choices, the default first."""
    if (known := kind_named(kind)) is not None:
        return known.choices
    hints = get_type_hints(Dialect)
    return {
        field.name: (
            str(field.default),
            *(c for c in get_args(hints[field.name]) if c != field.default),
        )
        for field in dataclasses.fields(Dialect)
    }


def vocabulary_of(kind: str) -> Mapping[str, str]:
    """Return every capability of a kind by name."""
    known = kind_named(kind)
    return CLAIMS if known is None else known.vocabulary


__all__ = [
    "ATTENTION",
    "CHAPTERS",
    "INVARIANTS",
    "KINDS",
    "AttentionBench",
    "Bench",
    "Choices",
    "Invariant",
    "Kind",
    "agreement_of",
    "choices_of",
    "find",
    "invariants_of",
    "kind_named",
    "null_kernel",
    "tellable",
    "vocabulary_of",
]
