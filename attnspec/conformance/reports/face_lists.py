"""The faces as lines of plain text, 80 columns wide."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from attnspec.conformance.reports import usage, words
from attnspec.faces import FACES, OF_KINDS, Face, KindFace, Parameter, face_named
from attnspec.kinds.attention.words import CHOICES_IN_WORDS

_INDENT = 22


def listed() -> list[str]:
    """Return the faces with who calls functions so."""
    lines = _listed(FACES.values())
    for kind in dict.fromkeys(face.kind for face in OF_KINDS.values()):
        mine = (face for face in OF_KINDS.values() if face.kind == kind)
        lines += ["", f"of {kind}", *_listed(mine)]
    return lines


def _listed(faces: Iterable[Face | KindFace]) -> list[str]:
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
        lines += words.wrapped(
            meaning(parameter), first=f"  {parameter.names[0]}", indent=_INDENT
        )
    if face.left_alone:
        said = ", ".join(face.left_alone)
        lines += ["", *words.wrapped(said, first="not passed", indent=_INDENT)]
    return lines


def _of_kind(face: KindFace) -> list[str]:
    """Return all that there is to know about a face of another kind."""
    lines = [*words.wrapped(f"{face.id}: {face.sentence}", indent=0), ""]
    for label, said in facts_of_kind(face):
        lines += words.wrapped(said, first=label, indent=_INDENT)
    return [
        *lines,
        *usage.group("operands", face.operands),
        *usage.group("results", face.results),
    ]


def facts_of_kind(face: KindFace) -> Iterator[tuple[str, str]]:
    """Yield what is said of a face of another kind, each with a label."""
    yield "called as", f"{face.title}({', '.join([*face.operands])}, ...)"
    yield "kind", face.kind
    yield "arrays", face.arrays
    if face.says or face.claims:
        yield "claimed as well", ", ".join((*face.says, *face.claims))
    for dtype, model in face.models.items():
        yield "model", f"{dtype}={model.name}"


def facts(face: Face) -> Iterator[tuple[str, str]]:
    """Yield what is said of a face beside its keywords, each with a label."""
    operands = ["query", "key", "value"]
    yield "called as", f"{face.title}({', '.join([*face.leading, *operands])}, ...)"
    yield "query", _shape(face.axes, H="Hq")
    yield "key", _shape(face.axes, H="Hkv", L="S")
    yield "value", _shape(face.axes, H="Hkv", L="S", E="Ev")
    yield "output", _shape(face.returned.axes, H="Hq", E="Ev")
    if any("return_lse" in p.says for p in face.parameters):
        base = face.returned.lse_base
        logarithm = "natural" if base == math.e else f"base {base:g}"
        of_operands = face.returned.lse_format == "operands"
        form = "the format of the operands" if of_operands else "float32"
        shape = _shape(face.returned.lse_axes, H="Hq")
        yield "logsumexp", f"{shape}, {logarithm}, {form}"
    yield "arrays", face.arrays
    yield "formats", ", ".join(face.dtypes)
    if face.tells:
        told = (" and ".join(sorted(names)) for names in face.tells)
        yield "recognised by", " or ".join(told)
    if face.never:
        yield "never with", ", ".join(face.never)
    for field, choice in face.dialect.items():
        yield CHOICES_IN_WORDS[field], choice
    if face.claims:
        yield "claimed as well", ", ".join(face.claims)
    if face.without:
        yield "not claimed", ", ".join(face.without)
    for size, (number, unless) in face.multiples.items():
        yield "limit", f"{size} % {number} == 0, without {' or '.join(unless)}"
    for group in face.exclusive:
        yield "exclude each other", ", ".join(group)
    if face.not_offered:
        yield "not offered", f"an option that raises {' or '.join(face.not_offered)}"


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


def _shape(axes: str, **letters: str) -> str:
    """Return axes as a shape is written, some with other letters."""
    return f"({', '.join(letters.get(axis, axis) for axis in axes)})"


__all__ = ["explained", "facts", "listed", "meaning"]
