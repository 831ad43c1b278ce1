"""From a clause to its definition, invariants, rogues and the public bugs behind them.

Everything but the definitions is asked of the registries. A clause and its definition
stand in the same section of a page; where they do not, `ELSEWHERE` says where it is.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re

from attnspec.kinds.registry import INVARIANTS
from attnspec.rogues import ROGUES

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"

_REFERENCE = "attnspec.reference"

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "activations.laws": tuple(
        f"{_REFERENCE}.{name}"
        for name in (
            *("softmax.softmax", "sigmoid.sigmoid", "sparsemax.sparsemax"),
            *("relu.relu_by_visible", "relu.relu_by_length"),
            "entmax15.entmax15",
        )
    ),
    "attention": (f"{_REFERENCE}.attention.attention",),
    "calls": ("attnspec.kinds.attention.case.AttentionCase",),
    "dialects": ("attnspec.kinds.attention.dialect.dialect_of",),
    "masks.empty-row": (f"{_REFERENCE}.attention.attention",),
    "scores.order": (f"{_REFERENCE}.scores.scaled_dot_product",),
    "self-attention": (f"{_REFERENCE}.self_attention.self_attention",),
}
"""The definitions of clauses, or of whole pages, that have none in their section."""

_MARK = re.compile(r"^(#{1,6}) |^```\{(clause|definition)\} (\S+)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Trace:
    """One clause and all that hangs on it."""

    clause: str
    definitions: tuple[str, ...]
    invariants: tuple[str, ...]
    rogues: tuple[str, ...]
    bugs: tuple[str, ...]


def traces() -> list[Trace]:
    """Return the traces of every clause of the book, page by page."""
    return [trace for page in sorted(REFERENCE.glob("*.md")) for trace in _page(page)]


def _page(page: pathlib.Path) -> list[Trace]:
    """Return the traces of one page's clauses."""
    sections: list[tuple[int, list[str], list[str]]] = [(1, [], [])]
    for heading, mark, name in _MARK.findall(page.read_text("utf-8")):
        if heading:
            sections.append((len(heading), [], []))
        else:
            sections[-1][1 if mark == "clause" else 2].append(name)
    found = []
    for place, (_, clauses, _) in enumerate(sections):
        definitions = _nearest(sections, place)
        found += [_trace(clause, definitions) for clause in clauses]
    return found


def _nearest(
    sections: list[tuple[int, list[str], list[str]]], place: int
) -> tuple[str, ...]:
    """Return the definitions of a section, else of those above and below it."""
    level, _, own = sections[place]
    if own:
        return tuple(own)
    for above_level, _, above in reversed(sections[:place]):
        if above_level < level and above:
            return tuple(above)
    for below_level, _, below in sections[place + 1 :]:
        if below_level <= level:
            break
        if below:
            return tuple(below)
    return ()


def _trace(clause: str, near: tuple[str, ...]) -> Trace:
    page = clause.partition(".")[0]
    stated = ELSEWHERE.get(clause) or near or ELSEWHERE.get(page, ())
    laws = tuple(n for n, law in INVARIANTS.items() if clause in law.clauses)
    rogues = [r for r in ROGUES.values() if r.caught_by in laws]
    bugs = dict.fromkeys(r.mimics for r in rogues if r.mimics)
    return Trace(clause, stated, laws, tuple(r.id for r in rogues), tuple(bugs))


__all__ = ["ELSEWHERE", "Trace", "traces"]
