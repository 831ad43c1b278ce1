"""The invariants as lines of plain text, 80 columns wide."""

from __future__ import annotations

from attnspec.conformance.reports import words
from attnspec.judge.law import ATTENTION, Invariant, find
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.registry import (
    INVARIANTS,
    KINDS,
    choices_of,
    invariants_of,
    kind_named,
    vocabulary_of,
)

_INDENT = 26
_KIND_INDENT = 20

_ATTENTION = (
    "Mixes values by how well each key answers a query.",
    (
        "kernel(query, key, value, *, mask=None, bias=None, scale=None, "
        "causal=False, window=None, softcap=None, sink=None, return_lse=False)"
    ),
)
"""What an attention kernel does, and how it is called."""


def listed() -> list[str]:
    """Return the invariants of attention, under their chapters."""
    lines: list[str] = []
    chapter = ""
    for law in invariants_of(ATTENTION):
        if _chapter(law) != chapter:
            chapter = _chapter(law)
            lines += [*([""] if lines else []), chapter]
        lines += words.wrapped(law.sentence, first=f"  {law.id}", indent=_INDENT)
    rest = len(INVARIANTS) - len(invariants_of(ATTENTION))
    said = f"{rest} more are about other kinds of functions: see 'attnspec kinds'."
    return [*lines, "", *words.wrapped(said, indent=0)]


def _laws(kind: str) -> list[str]:
    """Return the laws of a kind with their sentences."""
    laws = invariants_of(kind)
    indent = max(_INDENT, *(len(law.id) + 4 for law in laws))
    return [
        line
        for law in laws
        for line in words.wrapped(law.sentence, first=f"  {law.id}", indent=indent)
    ]


def _chapter(law: Invariant) -> str:
    """Return the word for the part of the definition that a law is about."""
    return law.clause.partition(".")[0]


def explained(id_: str) -> list[str]:
    """Return all that there is to know about one invariant."""
    law = find(id_)
    lines = [*words.wrapped(f"{law.id}: {law.sentence}", indent=0), ""]
    page = f"docs/reference/{_chapter(law)}"
    lines += words.pieces([law.clause, page], first="clause")
    if law.also:
        lines += words.wrapped(", ".join(law.also), first="also")
    lines += words.wrapped(law.kind, first="kind")
    lines += words.wrapped(", ".join(sorted(law.needs)) or "nothing", first="needs")
    lines += words.wrapped(", ".join(law.nulls), first="tells from")
    lines += words.wrapped(f"suite version {law.since}", first="since")
    if law.provisional:
        lines += words.wrapped("reported and not counted", first="provisional")
    lines += ["", "families of cases"] if law.families else []
    for name in law.families:
        sentence = FAMILIES[name].sentence
        lines += words.wrapped(sentence, first=f"  {name}", indent=_INDENT)
    return lines


def listed_kinds() -> list[str]:
    """Return all kinds with what a function of each does."""
    lines = words.wrapped(_ATTENTION[0], first=ATTENTION, indent=_KIND_INDENT)
    for kind in KINDS.values():
        lines += words.wrapped(kind.sentence, first=kind.name, indent=_KIND_INDENT)
    return lines


def explained_kind(name: str) -> list[str]:
    """Return how a function of a kind is called, what it can claim, and its laws."""
    kind = kind_named(name)
    sentence, face = (kind.sentence, kind.face) if kind else _ATTENTION
    lines = [*words.wrapped(f"{name}: {sentence}", indent=0), ""]
    lines += words.wrapped(face, first="called as", indent=_KIND_INDENT)
    for field, values in choices_of(name).items():
        label = field.replace("_", " ")
        lines += words.wrapped(" or ".join(values), first=label, indent=_KIND_INDENT)
    lines += ["", "claims"]
    for claim, text in vocabulary_of(name).items():
        lines += words.wrapped(text, first=f"  {claim}", indent=_INDENT)
    return [*lines, "", "invariants", *_laws(name)]


__all__ = ["explained", "explained_kind", "listed", "listed_kinds"]
