"""Markdown made from the registries of attnspec, for the directives of the book."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Mapping

import click
from kinds import arguments, arguments_table, plain
from traceability import REFERENCE, traces

from attnspec.cli import main
from attnspec.conformance.reports.face_lists import (
    checked,
    facts,
    facts_of_kind,
    form,
    meaning,
)
from attnspec.faces import FACES, OF_KINDS
from attnspec.judge.kind import Kind
from attnspec.kinds import axes as axis_letters
from attnspec.kinds.attention import dialect
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.attention.traits import TRAITS
from attnspec.kinds.registry import (
    DEFAULT_KIND,
    FOR_UNDERSTANDING,
    INVARIANTS,
    KINDS,
    invariants_of,
)
from attnspec.numerics import PRESETS
from attnspec.numerics.operations import WITH_TABLES, operations_in_words

_FEW = 4
"""The most names in a cell of a table."""

_KIND = re.compile(r"^```\{kind\} (\S+)$", re.MULTILINE)
"""Where a page shows a kind."""

CHOICES = {
    "alignment": "the corner in which causal masks and windows end or start",
    "empty_row": "the output of a query that sees no key",
    "empty_lse": "its logsumexp, if there is no sink; `finite`: less than -10,000",
    "empty_keys": "the output when S = 0",
    "nan_masked_key": "whether a NaN in a key harms a query that does not see it",
    "nan_masked_value": "whether one in a value that no query sees does harm",
    "nan_zero_weight": "whether one in a value that others see does harm",
    "softcap_order": "whether the softcap comes before the bias or caps it as well",
    "causal_alibi": "what a slope multiplies where only earlier keys are seen",
}


def checks_of(clause: str) -> list[str]:
    """Return the ids of the invariants that check a clause."""
    return [name for name, law in INVARIANTS.items() if clause in law.clauses]


def dialect_fields() -> str:
    """List the fields of a dialect, their default and their other choices."""
    rows = [
        [f"`{name}`", f"`{values[0]}`", _codes(values[1:]), CHOICES[name]]
        for name, values in dialect.CHOICES.items()
    ]
    return _table(["field", "default", "other choices", "what it says"], rows)


def claims() -> str:
    """List the capabilities that can be claimed of an attention kernel."""
    vocabulary = KINDS[DEFAULT_KIND].vocabulary
    rows = [[f"`{name}`", text] for name, text in vocabulary.items()]
    return _table(["claim", "what is claimed"], rows)


def families() -> str:
    """List the families of cases."""
    rows = [[f"`{family.name}`", family.sentence] for family in FAMILIES]
    return _table(["family", "where it goes"], rows)


def traits() -> str:
    """List what can be said of a case in one word."""
    rows = [[f"`{name}`", text] for name, text in TRAITS.items()]
    return _table(["trait", "what it says"], rows)


def axes() -> str:
    """List the axes of one problem of attention."""
    return _lengths(axis_letters.OF_ATTENTION)


def further_axes() -> str:
    """List the axes of what is about something else, with all that they stand for."""
    found = dict(axis_letters.OF_OTHERS)
    for kind in KINDS.values():
        for letter, length in kind.usage.axes.items():
            known = found.get(letter, "")
            if letter in found and length not in known.split("; "):
                found[letter] = f"{known}; {length}"
    return _lengths(found)


def _lengths(letters: Mapping[str, str]) -> str:
    return _table(["letter", "length"], [[*item] for item in letters.items()])


def invariant_list() -> str:
    """Describe every invariant, under the kind of function that it is about."""
    parts = []
    for kind in KINDS:
        parts.append(f"## Of {kind}\n")
        parts += [_invariant(law.id) for law in invariants_of(kind)]
    return "\n".join(parts)


def kinds() -> str:
    """List the kinds of functions that can be judged, chapter by chapter."""
    parts = []
    book = (REFERENCE.parent / "index.md").read_text("utf-8")
    for name in re.findall(r"^reference/(\S+)$", book, re.MULTILINE):
        page = REFERENCE / f"{name}.md"
        text = page.read_text("utf-8")
        shown = [KINDS[kind] for kind in _KIND.findall(text)]
        if shown:
            parts.append(f"## [{text.partition(chr(10))[0][2:]}]({page.name})\n")
        parts += [_listed(kind) for kind in shown]
    return "\n".join(parts)


def _listed(kind: Kind) -> str:
    """Describe a kind in a few lines, the first of which leads to its section."""
    aside = " *For understanding.*" if kind.name in FOR_UNDERSTANDING else ""
    label = kind.name.replace("-", "_")
    link = f"{{ref}}`{kind.name} <{label}>`"
    return f"{link}\n: {kind.sentence}{aside}\n  `{kind.face}`\n"


def traceability() -> str:
    """List every clause with its definition, invariants, rogues and public bugs."""
    rows = [
        [
            f"{{clause}}`{trace.clause}`",
            _few(tuple(name.rpartition(".")[2] for name in trace.definitions)),
            _few(trace.invariants, "{invariant}"),
            _few(trace.rogues),
            _few(trace.bugs) or "none that we know",
        ]
        for trace in traces()
    ]
    return _table(["clause", "definition", "invariants", "rogues", "public bugs"], rows)


def invariant_table() -> str:
    """List the invariants in one table."""
    rows = [
        [f"{{invariant}}`{name}`", law.sentence, f"{{clause}}`{law.clause}`"]
        for name, law in INVARIANTS.items()
    ]
    return _table(["invariant", "law", "clause"], rows)


def choices_of_kinds() -> str:
    """List the choices of all kinds but attention, each with the kinds that have it."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind in KINDS.values():
        if kind.name != DEFAULT_KIND:
            for field, values in kind.choices.items():
                label = kind.name.replace("-", "_")
                link = f"{{ref}}`{kind.name} <{label}>`"
                found.setdefault((field, values), []).append(link)
    rows = [
        [f"`{field}`", _codes(values), ", ".join(links)]
        for (field, values), links in sorted(found.items())
    ]
    return _table(["field", "choices", "of"], rows)


def operations() -> str:
    """List the numeric models of a formula, and what they are in words."""
    rows = [
        [f"`{name}`", operations_in_words(model)] for name, model in WITH_TABLES.items()
    ]
    return _table(["model", "what it is"], rows)


def models() -> str:
    """List the numeric models that have a name, with what sets each apart."""
    plain = PRESETS["float32"]
    rows = []
    for name, model in PRESETS.items():
        fields = (f.name for f in dataclasses.fields(model) if f.name != "name")
        told = {f: getattr(model, f) for f in fields}
        apart = [
            f"`{f}={_value(v)}`" for f, v in told.items() if v != getattr(plain, f)
        ]
        rows.append([f"`{name}`", ", ".join(apart) or "what all others start from"])
    return _table(["model", "where it differs from `float32`"], rows)


def command_help(name: str | None) -> str:
    """Return the help text of a command, or of the whole."""
    root = click.Context(main, info_name="attnspec")
    if name is None:
        return main.get_help(root)
    command = main.commands[name]
    return command.get_help(click.Context(command, info_name=name, parent=root))


def commands() -> str:
    """Show the help of every command."""
    return "\n\n".join(
        f"### {name}\n\n```{{command-help}} {name}\n```" for name in main.commands
    )


def _invariant(name: str) -> str:
    """Describe one invariant."""
    law = INVARIANTS[name]
    clauses = ", ".join(f"{{clause}}`{clause}`" for clause in law.clauses)
    facts = [f"Clause: {clauses}."]
    if law.needs:
        facts.append(f"Needs: {_codes(sorted(law.needs))}.")
    facts += [
        f"Excludes: {_codes(law.nulls)}.",
        f"Since suite version {law.since}.",
    ]
    if law.provisional:
        facts.append("Provisional: reported and not counted.")
    return f"```{{invariant}} {name}\n{law.sentence}\n\n{' '.join(facts)}\n```\n"


def _value(value: object) -> str:
    """Write a field of a model: small powers of two as powers, tuples as lists."""
    if isinstance(value, float) and 0 < value < 1:
        fraction, exponent = math.frexp(value)
        return f"2**{exponent - 1}" if fraction == 0.5 else f"{value:.3g}"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, tuple):
        counts = [f"{value.count(v)} x {v}" for v in dict.fromkeys(value)]
        return " + ".join(counts) or "()"
    return str(value)


def _few(names: tuple[str, ...], role: str = "") -> str:
    """Set the first names as code, and say how many more there are."""
    more = len(names) - _FEW
    return _codes(names[:_FEW], role) + (f" and {more} more" if more > 0 else "")


def _codes(names: Iterable[str], role: str = "") -> str:
    """Set names as code, or as links of a role, separated by commas."""
    return ", ".join(f"{role}`{name}`" for name in names)


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def attention() -> str:
    """Say what attention is called with, and show an example."""
    return "\n".join(arguments(KINDS[DEFAULT_KIND]))


def faces() -> str:
    """Describe every face: what is said of it, and its keywords in a table."""
    parts = []
    for face in FACES.values():
        parts += [f"### {face.id}\n", f"{face.sentence}\n"]
        parts += [f"{label}\n: {said}\n" for label, said in facts(face)]
        rows = [
            [f"`{each.names[0]}`", plain(form(each)), plain(meaning(each))]
            for each in face.parameters
        ]
        parts.append(f"{_table(['keyword', 'form', 'what it says'], rows)}\n")
        if face.left_alone:
            parts.append(f"Known and not passed: {_codes(face.left_alone)}.\n")
        parts.append(f"```console\n$ attnspec check {face.example}\n```\n")
    return "\n".join(parts)


def faces_of_kinds() -> str:
    """Describe the faces of other kinds: operands, results, and an example."""
    parts = []
    for face in OF_KINDS.values():
        parts += [f"### {face.id}\n", f"{face.sentence}\n"]
        parts += [f"{label}\n: {said}\n" for label, said in facts_of_kind(face)]
        parts += arguments_table("operands", face.operands)
        parts += arguments_table("results", face.results)
        parts += ["```python", f"{face.example}```\n"]
        parts += ["```console", f"$ {checked(face)}", "```\n"]
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "attention": attention,
    "axes": axes,
    "claims": claims,
    "commands": commands,
    "dialect": dialect_fields,
    "faces": faces,
    "faces-of-kinds": faces_of_kinds,
    "families": families,
    "further-axes": further_axes,
    "invariants": invariant_list,
    "invariants-table": invariant_table,
    "kinds": kinds,
    "models": models,
    "operations": operations,
    "choices-of-kinds": choices_of_kinds,
    "traceability": traceability,
    "traits": traits,
}
