"""The faces as lines of plain text, 80 columns wide."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator

from attnspec.conformance.reports import usage, words
from attnspec.faces import (
    FACES,
    OF_KINDS,
    Face,
    KindFace,
    ObjectFace,
    Parameter,
    PlannedFace,
    face_named,
)
from attnspec.faces._face import AXES
from attnspec.faces._of_objects import CONSTANT, MADE_WITH, OPTIONS, ROLES, SEQUENCE
from attnspec.faces._of_plans import WORKSPACE
from attnspec.faces._packed import AXIS
from attnspec.judge.usage import JUDGED
from attnspec.kinds.attention.usage import USAGE
from attnspec.kinds.attention.words import CHOICES_IN_WORDS

_INDENT = 24


def listed() -> list[str]:
    """Return the faces with who calls functions so."""
    lines = _listed(FACES.values())
    for kind in dict.fromkeys(face.kind for face in OF_KINDS.values()):
        mine = (face for face in OF_KINDS.values() if face.kind == kind)
        lines += ["", f"of {kind}", *_listed(mine)]
    return lines


def _listed(faces: Iterable[Face | KindFace | ObjectFace]) -> list[str]:
    return [
        line
        for face in faces
        for line in words.wrapped(face.sentence, first=f"  {face.id}", indent=_INDENT)
    ]


def explained(id_: str) -> list[str]:
    """Return all that there is to know about one face."""
    if id_ in OF_KINDS:
        return _of_kind(OF_KINDS[id_])
    face = face_named(id_)
    lines = [*words.wrapped(f"{face.id}: {face.sentence}", indent=0), ""]
    for label, said in facts(face):
        lines += words.wrapped(said, first=label, indent=_INDENT)
    lines += ["", "keywords"]
    for parameter in face.parameters:
        first = f"  {parameter.names[0]}"
        lines += words.wrapped(form(parameter), first=first, indent=_INDENT)
        lines += words.wrapped(meaning(parameter), indent=_INDENT)
    if face.left_alone:
        said = ", ".join(face.left_alone)
        lines += ["", *words.wrapped(said, first="not passed", indent=_INDENT)]
    return [*lines, "", "example", f"  attnspec check {face.example}"]


def _of_kind(face: KindFace | ObjectFace) -> list[str]:
    """Return all that there is to know about a face of another kind."""
    lines = [*words.wrapped(f"{face.id}: {face.sentence}", indent=0), ""]
    for label, said in facts_of_kind(face):
        lines += words.wrapped(said, first=label, indent=_INDENT)
    lines += usage.group("operands", face.operands)
    lines += usage.group("results", face.results)
    shown = [f"  {line}".rstrip() for line in face.example.splitlines()]
    return [*lines, "", "example", *shown, *_to_copy(checked(face))]


def _to_copy(command: str) -> list[str]:
    """Return a command behind a prompt, in two lines where one is too wide."""
    line = f"  $ {command}"
    if len(line) <= words.WIDTH:
        return [line]
    start, _, last = line.rpartition(" ")
    return [f"{start} \\", f"      {last}"]


def checked(face: KindFace | ObjectFace) -> str:
    """Return the command that judges the example of a face.

    Examples
    --------
    >>> checked(OF_KINDS["rope-ids"])
    'attnspec check --kind rope --arrays numpy example.py:rope'
    """
    (name,) = re.findall(r"^(?:def|class) (\w+)", face.example, re.MULTILINE)
    # What no name tells is said.
    named = f"--face {face.id} " if isinstance(face, ObjectFace) and face.order else ""
    words = f"--kind {face.kind} {named}--arrays numpy"
    return f"attnspec check {words} example.py:{name}"


def _facts_of_objects(face: ObjectFace) -> Iterator[tuple[str, str]]:
    """Yield what is said of a face of objects, each with a label."""
    yield "made with", f"{face.title}({', '.join(MADE_WITH)}), as far as it names them"
    for name, names in MADE_WITH.items():
        if others := names[1:]:
            yield f"  {name}", f"also {', '.join(others)}"
    yield "kind", face.kind
    for name, role in ROLES.items():
        known = ", ".join(role.names) or "named by --methods"
        yield name, f"{role.sentence}: {known}"
    if face.answers:
        yield "options", "of the object, or of the method that answers queries"
        for name, names in OPTIONS.items():
            yield f"  {name}", ", ".join(names)
    yield "one sequence", f"a keyword of each method: {', '.join(SEQUENCE)}"
    given = ", ".join(f"{name}={value!r}" for name, value in CONSTANT.items())
    yield "where required", f"{given}, of each method"
    yield "arrays", face.arrays


def facts_of_kind(face: KindFace | ObjectFace) -> Iterator[tuple[str, str]]:
    """Yield what is said of a face of another kind, each with a label."""
    if isinstance(face, ObjectFace):
        yield from _facts_of_objects(face)
        return
    called = f"({', '.join([*face.operands])}, ...)"
    if isinstance(face, PlannedFace):
        memory = " or ".join(WORKSPACE)
        yield "made with", f"{face.title}(), and {memory} if it takes that"
        yield "called as", f"plan(...), unless it was for the same; run{called}"
    else:
        yield "called as", f"{face.title}{called}"
    yield "kind", face.kind
    if face.keywords:
        names = dict.fromkeys("/".join(each.names) for each in face.keywords)
        yield "by name", ", ".join(names)
    yield "arrays", face.arrays
    if face.exclusive:
        yield "exclude each other", "; ".join(map(" and ".join, face.exclusive))
    if face.says or face.claims:
        yield "claimed as well", ", ".join((*face.says, *face.claims))
    for dtype, model in face.models.items():
        yield "model", f"{dtype}={model.name}"
    yield from _not_offered(face)


def facts(face: Face) -> Iterator[tuple[str, str]]:
    """Yield what is said of a face beside its keywords, each with a label."""
    yield from _arrays_of(face)
    yield "arrays", face.arrays
    yield "formats", ", ".join(face.dtypes)
    if face.tells:
        told = (" and ".join(sorted(names)) for names in face.tells)
        yield "recognised by", " or ".join(told)
    if face.never:
        yield "never with", ", ".join(face.never)
    yield from _choices(face)
    if face.claims:
        yield "claimed as well", ", ".join(face.claims)
    if face.without:
        yield "not claimed", ", ".join(face.without)
    for size, (number, unless) in face.multiples.items():
        yield "limit", f"{size} % {number} == 0, without {' or '.join(unless)}"
    for group in face.exclusive:
        yield "exclude each other", ", ".join(group)
    yield from _not_offered(face)


def _not_offered(face: Face | KindFace) -> Iterator[tuple[str, str]]:
    """Yield how a function says that it does not offer an option."""
    if face.not_offered:
        yield "not offered", f"an option that raises {' or '.join(face.not_offered)}"


def _choices(face: Face) -> Iterator[tuple[str, str]]:
    """Yield what its documents fix, of every function and beside a keyword."""
    for field, choice in face.dialect.items():
        yield CHOICES_IN_WORDS[field], choice
    for parameter in face.parameters:
        for field, choice in parameter.dialect.items():
            name = parameter.names[0]
            yield CHOICES_IN_WORDS[field], f"{choice}, of a function with {name}"


def _arrays_of(face: Face) -> Iterator[tuple[str, str]]:
    """Yield how it is called, what its operands are, and what comes back."""
    yield (
        "called as",
        f"{face.title}({', '.join([*face.leading, *face.operands])}, ...)",
    )
    for name, held in face.operands.items():
        yield (
            name,
            _packed(held, face.axes) if held[1:] else _operand(held[0], face.axes),
        )
    yield "output", _operand("output", face.returned.axes)
    if any("return_lse" in p.says for p in face.parameters):
        base = face.returned.lse_base
        logarithm = "natural" if base == math.e else f"base {base:g}"
        of_operands = face.returned.lse_format == "operands"
        dtype = "judged format" if of_operands else "float32"
        shape = _shape(face.returned.lse_axes, H="Hq")
        yield "logsumexp", f"{shape}, {dtype}: {logarithm}, of the denominator"


def meaning(parameter: Parameter) -> str:
    """Return what a keyword says, and under which other names it goes.

    Examples
    --------
    >>> meaning(FACES["sdpa"].parameters[2])
    'scale: the factor on the dot products; None is 1/sqrt(E)'
    """
    said = ", ".join(parameter.says)
    said = f"{said}: {parameter.sentence}" if said else parameter.sentence
    others = ", ".join(parameter.names[1:])
    return f"{said}; also {others}" if others else said


def form(parameter: Parameter) -> str:
    """Return shape, format and values of a keyword.

    Examples
    --------
    >>> form(FACES["sdpa"].parameters[2])
    'float, finite'
    """
    return parameter.form or usage.form(USAGE.arguments[next(iter(parameter.says))])


def _operand(name: str, axes: str) -> str:
    """Return shape, format, values and meaning of an operand or of the output."""
    said = {**USAGE.results, **USAGE.arguments}[name]
    letters = dict(zip(AXES, said.letters, strict=True))
    said = dataclasses.replace(said, shape=" ".join(letters[axis] for axis in axes))
    return f"{usage.form(said)}: {said.meaning}"


def _packed(names: tuple[str, ...], axes: str) -> str:
    """Return shape and meaning of several operands in one array."""
    letters = dict(zip(AXES, USAGE.arguments[names[-1]].letters, strict=True))
    shape = [letters[axis] for axis in axes]
    shape[AXIS:AXIS] = [str(len(names))]
    return f"({', '.join(shape)}), {JUDGED}: {', '.join(names)} side by side"


def _shape(axes: str, **letters: str) -> str:
    """Return axes as a shape is written, some with other letters."""
    return f"({', '.join(letters.get(axis, axis) for axis in axes)})"


__all__ = [
    "checked",
    "explained",
    "facts",
    "facts_of_kind",
    "form",
    "listed",
    "meaning",
]
