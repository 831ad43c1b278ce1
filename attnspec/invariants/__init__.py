"""The laws: each sees a case and a narrow way to call a function, never a library."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import get_args, get_type_hints

from attnspec.cases import CLAIMS, Dialect
from attnspec.exceptions import UnknownName
from attnspec.invariants import (
    _law,
    absolute,
    activations,
    attention,
    band_cost,
    bands,
    calls,
    chains,
    convolution,
    convolution_2d,
    cutting,
    decay,
    decoding,
    definition,
    delta,
    dialects,
    distance_biases,
    distance_buckets,
    distance_terms,
    distances,
    grids,
    groups,
    latent,
    latent_cache,
    learned,
    linear,
    masks,
    multihead,
    neighborhoods,
    normalized_linear,
    normalizers,
    patterns,
    pixels,
    placed,
    pooling,
    recurrence,
    relative_keys,
    relevance,
    relevance_forms,
    rotary,
    scores,
    self_attention,
    sets,
    shift,
    split,
    weight_forms,
    weights,
    windows,
)
from attnspec.invariants._kind import Choices, Kind, KindBench
from attnspec.invariants._law import ATTENTION, Bench, Invariant, find
from attnspec.invariants._nulls import null_kernel, tellable

CHAPTERS = (
    calls,
    definition,
    scores,
    normalizers,
    masks,
    dialects,
    attention,
    split,
    activations,
    weights,
    weight_forms,
    relevance,
    relevance_forms,
    self_attention,
    sets,
    pooling,
    decoding,
    multihead,
    cutting,
    latent,
    latent_cache,
    absolute,
    learned,
    placed,
    rotary,
    distance_biases,
    distance_buckets,
    relative_keys,
    distance_terms,
    shift,
    bands,
    band_cost,
    windows,
    neighborhoods,
    grids,
    patterns,
    groups,
    pixels,
    convolution,
    convolution_2d,
    distances,
    recurrence,
    chains,
    linear,
    normalized_linear,
    delta,
    decay,
)
"""The modules of laws, in the order in which they run."""

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for chapter in CHAPTERS
    for kind in vars(chapter).values()
    if isinstance(kind, Kind)
}
"""The kinds of functions beside attention, by name."""

INVARIANTS: Mapping[str, Invariant] = {
    id: law
    for chapter in CHAPTERS
    for id, law in _law.INVARIANTS.items()  # noqa: A001 - the field's name
    if law.check.__module__ == chapter.__name__
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
    "Bench",
    "Choices",
    "Invariant",
    "Kind",
    "KindBench",
    "agreement_of",
    "choices_of",
    "find",
    "invariants_of",
    "kind_named",
    "null_kernel",
    "tellable",
    "vocabulary_of",
]
