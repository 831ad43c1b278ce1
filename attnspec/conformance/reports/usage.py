"""What a function of a kind is called with, as rows, lines, and an example."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.reports import words
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.usage import TRUTH, Argument
from attnspec.kinds.axes import AXES

_INDENT = 22
_WIDTH = 76


class Row(NamedTuple):
    """One argument or result, in words."""

    name: str
    shape: str
    dtype: str
    values: str
    meaning: str
    known_as: str


def row(name: str, argument: Argument) -> Row:
    """Return an argument in words."""
    return Row(
        name,
        argument.form,
        argument.dtype,
        argument.values.words,
        argument.meaning,
        ", ".join(argument.known_as),
    )


def form(argument: Argument) -> str:
    """Return shape, format and values of an argument.

    Examples
    --------
    >>> form(Argument("L S", "a mask", TRUTH, "bool", broadcasts=True))
    'broadcasts to (L, S), bool'
    """
    values = "" if argument.values is TRUTH else argument.values.words
    parts = (argument.form, argument.dtype, values)
    return ", ".join(part for part in parts if part)


def group(title: str, arguments: Mapping[str, Argument]) -> list[str]:
    """Return arguments under a title, as lines of text."""
    lines = ["", title]
    for said in (row(*item) for item in arguments.items()):
        text = f"{form(arguments[said.name])}: {said.meaning}"
        text += f"; also {said.known_as}" if said.known_as else ""
        lines += words.wrapped(text, first=f"  {said.name}", indent=_INDENT)
    return lines


def groups(kind: Kind) -> Iterator[tuple[str, Mapping[str, Argument]]]:
    """Yield operands, options and results, each with its title, as far as there are."""
    usage = kind.usage
    parts: tuple[tuple[str, Mapping[str, Argument]], ...] = (
        ("operands", {name: usage.arguments[name] for name in kind.operands}),
        ("options", {name: usage.arguments[name] for name in kind.options}),
        ("results", usage.results),
    )
    for title, arguments in parts:
        if arguments:
            yield title, arguments


def letters(kind: Kind) -> dict[str, str]:
    """Return the letters of its axes, each with what it stands for."""
    arguments = (*kind.usage.arguments.values(), *kind.usage.results.values())
    used = {part for a in arguments for part in re.findall(r"[A-Za-z]\w*", a.shape)}
    known = {**AXES, **kind.usage.axes}
    return {letter: text for letter, text in known.items() if letter in used}


def lines(kind: Kind) -> list[str]:
    """Return all of it as lines of text."""
    found = []
    for title, arguments in groups(kind):
        found += group(title, arguments)
    if axes := letters(kind):
        found += ["", "axes"]
    for letter, meaning in axes.items():
        found += words.wrapped(meaning, first=f"  {letter}", indent=_INDENT)
    shown = [f"  {line}" if line else "" for line in example(kind)]
    return [*found, "", "example", *shown]


def example(kind: Kind) -> list[str]:
    """Return a program that calls the definition, and as comments what it prints."""
    program = [*_program(kind)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.printoptions():
        exec("\n".join(program), {})  # noqa: S102 - our own program
    printed = out.getvalue().splitlines()
    return [*program, *(f"# {line}".rstrip() for line in printed)]


def _program(kind: Kind) -> Iterator[str]:
    """Yield the lines of a program that calls the definition once."""
    case = kind.case(kind.recipe(**kind.usage.example))
    name = kind.name.replace("-", "_")
    yield "import numpy as np"
    yield "from attnspec.kinds.registry import KINDS"
    yield ""
    yield "np.set_printoptions(precision=4, suppress=True)"
    yield "# Your own function takes the place of the definition."
    yield f'{name} = KINDS["{kind.name}"].definition'
    yield from _assignments(case)
    passed = [*case.operands, *(f"{option}={option}" for option in case.options)]
    results = [result for result, *_ in case.returned]
    assigned = f"{', '.join(results)} = " if results else ""
    call = f"{assigned}{name}({', '.join(passed)})"
    yield from textwrap.wrap(call, _WIDTH, subsequent_indent="    ")
    yield from (f"print({shown})" for shown in (*results, *case.writes))


def _assignments(case: Case) -> Iterator[str]:
    """Yield an assignment for each argument."""
    for name, value in case.arguments.items():
        if isinstance(value, np.ndarray):
            written = _array(name, value).splitlines()
            yield from (line for line in written if line.strip())
        else:
            yield f"{name} = {value!r}"


def _array(name: str, value: Array) -> str:
    """Return the assignment of an array."""
    start = f"{name} = np.array("
    written = np.array2string(
        value, max_line_width=_WIDTH, separator=", ", prefix=start, floatmode="unique"
    )
    # Whole numbers and truths have their format without being told.
    form = f", np.{value.dtype.name}" if value.dtype.kind == "f" else ""
    return f"{start}{written}{form})"


__all__ = ["Row", "example", "form", "group", "groups", "letters", "lines", "row"]
