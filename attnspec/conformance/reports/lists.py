"""The invariants as lines of plain text, 80 columns wide."""

from __future__ import annotations

from attnspec.conformance.reports import words
from attnspec.invariants import INVARIANTS, Invariant, find
from attnspec.strategies import FAMILIES

_INDENT = 26


def listed() -> list[str]:
    """Return all invariants with their sentences, under their chapters."""
    lines: list[str] = []
    chapter = ""
    for law in INVARIANTS.values():
        if _chapter(law) != chapter:
            chapter = _chapter(law)
            lines += [*([""] if lines else []), chapter]
        lines += words.wrapped(law.sentence, first=f"  {law.id}", indent=_INDENT)
    return lines


def _chapter(law: Invariant) -> str:
    """Return the word for the part of the definition that a law is about."""
    return law.clause.partition(".")[0]


def explained(id_: str) -> list[str]:
    """Return all that there is to know about one invariant."""
    law = find(id_)
    lines = [*words.wrapped(f"{law.id}: {law.sentence}", indent=0), ""]
    page = f"docs/reference/{_chapter(law)}"
    lines += words.pieces([law.clause, page], first="clause")
    lines += words.wrapped(", ".join(sorted(law.needs)) or "nothing", first="needs")
    lines += words.wrapped(", ".join(law.nulls), first="tells from")
    lines += words.wrapped(f"suite version {law.since}", first="since")
    if law.provisional:
        lines += words.wrapped("reported and not counted", first="provisional")
    lines += ["", "families of cases"]
    for name in law.families:
        sentence = FAMILIES[name].sentence
        lines += words.wrapped(sentence, first=f"  {name}", indent=_INDENT)
    return lines


__all__ = ["explained", "listed"]
