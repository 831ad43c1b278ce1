"""The invariants as lines of plain text, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterable

from attnspec.conformance.reports import usage, words
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.kinds.registry import (
    DEFAULT_KIND,
    FOR_UNDERSTANDING,
    INVARIANTS,
    KINDS,
    find,
    invariants_of,
    kind_named,
)

_INDENT = 26
_KIND_INDENT = 22


def listed() -> list[str]:
    """Return the invariants of attention, under their chapters."""
    lines: list[str] = []
    chapter = ""
    for law in invariants_of(DEFAULT_KIND):
        if _chapter(law) != chapter:
            chapter = _chapter(law)
            lines += [*([""] if lines else []), chapter]
        lines += words.wrapped(law.sentence, first=f"  {law.id}", indent=_INDENT)
    rest = len(INVARIANTS) - len(invariants_of(DEFAULT_KIND))
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
    families = kind_named(law.kind).table.named_families
    lines += ["", "families of cases"]
    for name in law.families or families:
        sentence = families[name].sentence
        lines += words.wrapped(sentence, first=f"  {name}", indent=_INDENT)
    return lines


def listed_kinds() -> list[str]:
    """Return all kinds with what a function of each does, those in use first."""
    used = [kind for kind in KINDS.values() if kind.name not in FOR_UNDERSTANDING]
    others = [kind for kind in KINDS.values() if kind.name in FOR_UNDERSTANDING]
    return [
        "what kernels are made of",
        *_kind_lines(used),
        "",
        "in the book for the sake of understanding",
        *_kind_lines(others),
    ]


def _kind_lines(kinds: Iterable[Kind]) -> list[str]:
    return [
        line
        for kind in kinds
        for line in words.wrapped(
            kind.sentence, first=f"  {kind.name}", indent=_KIND_INDENT
        )
    ]


def explained_kind(name: str) -> list[str]:
    """Return how a function of a kind is called, its claims, models and laws."""
    kind = kind_named(name)
    lines = [*words.wrapped(f"{name}: {kind.sentence}", indent=0), ""]
    lines += words.wrapped(kind.face, first="called as", indent=_KIND_INDENT)
    for field, values in kind.choices.items():
        label = kind.words.choices.get(field, field.replace("_", " "))
        lines += words.wrapped(" or ".join(values), first=label, indent=_KIND_INDENT)
    lines += [*usage.lines(kind), "", "claims"]
    for claim, text in kind.vocabulary.items():
        lines += words.wrapped(text, first=f"  {claim}", indent=_INDENT)
    lines += ["", *words.wrapped(", ".join(kind.models), first="models")]
    return [*lines, "", "invariants", *_laws(name)]


__all__ = ["explained", "explained_kind", "listed", "listed_kinds"]
