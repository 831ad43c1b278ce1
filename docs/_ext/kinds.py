"""What the book says of a kind of function, asked of the code and of a real run."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from attnspec.conformance import Implementation, Outcome, Verdict, check_implementation
from attnspec.conformance.differentiation import CLAIM
from attnspec.conformance.reports import usage, words
from attnspec.judge.kind import Kind
from attnspec.judge.usage import Argument
from attnspec.kinds.registry import KINDS, invariants_of
from attnspec.rogues import CONTROLS, ROGUES

_FEW = 20
"""The most functions of a gallery that are shown without being asked for."""


def kind_section(name: str) -> str:
    """Describe a kind: how it is called, its claims, laws, rogues and controls."""
    kind = KINDS[name]
    parts = [f"`{kind.face}`", "", kind.sentence, "", *arguments(kind), *_facts(kind)]
    parts += ["", _laws(name), "", *_gallery(name)]
    return "\n".join(parts)


def arguments(kind: Kind) -> list[str]:
    """Set operands, options and results in tables, and show an example that runs."""
    lines = []
    for title, found in usage.groups(kind):
        lines += arguments_table(title, found)
    if letters := usage.letters(kind).items():
        told = ", ".join(f"{letter} {meaning}" for letter, meaning in letters)
        lines += [f"Axes: {told}.", ""]
    return [*lines, "```python", *usage.example(kind), "```", ""]


def arguments_table(title: str, found: Mapping[str, Argument]) -> list[str]:
    """Set arguments in a table."""
    head = f"| {title} | shape | format | values | what it is | also called |"
    rows = [usage.row(*item) for item in found.items()]
    cells = [[f"`{said.name}`", *(plain(cell) for cell in said[1:])] for said in rows]
    lines = [f"| {' | '.join(line)} |" for line in cells]
    return [head, "|---|---|---|---|---|---|", *lines, ""]


def plain(text: str) -> str:
    """Return a text in which no character is one of Markdown's."""
    return re.sub(r"([\\*_|`<>#])", r"\\\1", text)


def _facts(kind: Kind) -> list[str]:
    """List the claims and the choices, as a definition list."""
    lines = []
    for name, claim in kind.table.claims.items():
        lines += [f"`{name}` (claim)", f": {claim.sentence}", ""]
    for field, values in kind.choices.items():
        choices = ", ".join(f"`{value}`" for value in values)
        lines += [f"`{field}` (choice)", f": {choices}; detected, and then held", ""]
    return lines


def _laws(name: str) -> str:
    """Set the laws in a table, with what the definition's own run says of each."""
    said = {o.invariant: o for o in _run(name)}
    rows = []
    for law in invariants_of(name):
        rogues = [f"`{r.id}`" for r in ROGUES.values() if r.caught_by == law.id]
        outcome = said[law.id]
        share = words.times_bound(outcome.ratio)
        if outcome.verdict is not Verdict.PASSED:
            share = str(outcome.verdict)
        cells = (
            f"{{invariant}}`{law.id}`",
            law.sentence,
            f"{share}, {outcome.counted} counted",
            ", ".join(rogues),
        )
        rows.append(f"| {' | '.join(cells)} |")
    head = "| invariant | law | the definition | must catch |\n|---|---|---|---|\n"
    return head + "\n".join(rows)


@functools.cache
def _run(name: str) -> tuple[Outcome, ...]:
    """Judge the definition, rounded to float32, by the laws of its kind.

    A book of laws that the definition breaks must not be built.
    """
    kind = KINDS[name]
    definition = Implementation.of(
        kind.definition,
        name=name,
        kind=name,
        dialect=kind.default(),
        # A definition does not differentiate itself.
        claims={*kind.unsaid} & {*kind.abilities} - {CLAIM},
    )
    report = check_implementation(definition, tier="smoke")
    if report.failures:
        raise ValueError(str(report))
    return report.outcomes


def _gallery(name: str) -> list[str]:
    """List the wrong functions with the bugs that they mimic, and the right ones."""
    wrong = []
    for rogue in ROGUES.values():
        if rogue.implementation.description.kind == name:
            bug = f" Seen in {_link(rogue.mimics)}." if rogue.mimics else ""
            wrong.append(f"- `{rogue.id}`: {rogue.sentence}{bug}")
    right = [
        f"- `{control.id}`: {control.sentence}"
        for control in CONTROLS.values()
        if control.implementation.description.kind == name
    ]
    return [
        *_folded("Wrong, and caught", wrong),
        "",
        *_folded("Unusual and right", right),
    ]


def _folded(title: str, lines: list[str]) -> list[str]:
    """Return a list under its title, closed at first if it is long."""
    if len(lines) <= _FEW:
        return [f"{title}:", "", *lines]
    return [f":::{{dropdown}} {title}: {len(lines)}", *lines, ":::"]


def _link(bug: str) -> str:
    """Return a public bug as it is written in the rogues."""
    return f"`{bug}`"


__all__ = ["arguments_table", "kind_section", "plain"]
