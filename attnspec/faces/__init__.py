"""The calling conventions of the field, each of them data.

A face translates a call: the names of options, their units, the order of axes, how the
result is read. It never repairs a result. Our own signature is the face ``plain``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.faces._called import Called
from attnspec.faces._face import REQUIRED, Face, Parameter
from attnspec.faces._of_kind import KindFace
from attnspec.faces._of_objects import (
    ROLES,
    ObjectFace,
    joined,
    parted,
    said_of_methods,
)
from attnspec.faces._of_plans import PlannedFace
from attnspec.faces._signature import Signature
from attnspec.faces.cached import FLASH_ATTN_KVCACHE
from attnspec.faces.flash_attn import FLASH_ATTN, KV_PACKED, QKV_PACKED
from attnspec.faces.hf import HF
from attnspec.faces.jax import JAX
from attnspec.faces.kv_cache import OF_CACHES
from attnspec.faces.merge import OF_MERGES
from attnspec.faces.mlx import MLX
from attnspec.faces.padded import JAX_LENGTHS, ONNX_LENGTHS
from attnspec.faces.paged import OF_PAGES
from attnspec.faces.paged_append import OF_APPENDING
from attnspec.faces.plain import PLAIN
from attnspec.faces.planned import PLANNED
from attnspec.faces.rope import ROPE_BOTH, ROPE_IDS, ROPE_TABLES
from attnspec.faces.sdpa import SDPA
from attnspec.faces.single_decode import SINGLE_DECODE
from attnspec.faces.single_prefill import SINGLE_PREFILL
from attnspec.faces.varlen import FLASH_ATTN_VARLEN
from attnspec.kinds.registry import DEFAULT_KIND, kind_named

FACES = {
    face.id: face
    for face in (
        *(PLAIN, SDPA, FLASH_ATTN, QKV_PACKED, KV_PACKED, JAX, HF, MLX),
        SINGLE_PREFILL,
    )
}
"""Every face of attention by its id."""

OF_KINDS: Mapping[str, KindFace | ObjectFace] = {
    face.id: face
    for face in (
        *(ROPE_IDS, ROPE_TABLES, ROPE_BOTH),
        *(FLASH_ATTN_VARLEN, JAX_LENGTHS, ONNX_LENGTHS, *OF_MERGES),
        *(FLASH_ATTN_KVCACHE, *OF_PAGES, *OF_APPENDING, *OF_CACHES, *PLANNED),
        SINGLE_DECODE,
    )
}
"""Every face of other kinds by its id; all kinds have the face `plain`."""


def face_named(name: str) -> Face:
    """Return the face of attention with this id.

    Raises
    ------
    UnknownName
        If there is none.
    """
    if name not in FACES:
        msg = f"face: expected one of {', '.join(FACES)}; got {name!r}"
        raise UnknownName(msg)
    return FACES[name]


def face_of_kind(
    kind: str, function: Callable[..., Any], face: str = ""
) -> KindFace | ObjectFace | None:
    """Return the face of a function of another kind, if it is not `plain`.

    Without the id of a face it is recognised by the names of its operands. Behind the
    id may stand what the methods of objects are called, as `parted` reads it.

    Raises
    ------
    InvalidArgument
        If functions of this kind have no such face.
    """
    mine = {known.id: known for known in OF_KINDS.values() if known.kind == kind}
    id_, methods = parted(face)
    if id_ and id_ not in (PLAIN.id, *mine):
        listed = ", ".join((PLAIN.id, *mine))
        msg = f"face: a function of {kind} has one of {listed}; got {id_!r}"
        raise InvalidArgument(msg)
    if methods:
        mine = {
            n: f.named(methods) for n, f in mine.items() if isinstance(f, ObjectFace)
        }
        if id_ not in ("", *mine) or not mine:
            msg = f"methods: a function of {kind} has none; got {face!r}"
            raise InvalidArgument(msg)
    if id_:
        return mine.get(id_)
    if not mine or not callable(function):
        return None
    own = kind_named(kind)
    return next((f for f in mine.values() if f.recognises(function, own)), None)


def of_kind_named(face: str) -> KindFace | ObjectFace | None:
    """Return a face of another kind than attention by its id, if there is one.

    What methods are called, behind the id, is left aside.
    """
    return OF_KINDS.get(face.partition(":")[0])


def called(
    function: Callable[..., Any], face: str = "", arrays: str = "", device: str = ""
) -> Called:
    """Return a function with its face, the named one or the one that it shows.

    Parameters
    ----------
    function
        A function of attention; of a builtin one the docstring is read.
    face
        The id of its face; without one it is recognised by its keywords.
    arrays, device
        The library whose arrays it takes, where it is not that of the face, and where
        they lie.

    Raises
    ------
    InvalidArgument
        If its keywords are those of no face, or of two, or it cannot be called so.

    Examples
    --------
    >>> def kernel(q, k, v, softmax_scale=None, causal=False): ...
    >>> called(kernel).face.id
    'flash-attn'
    """
    signature = Signature.of(function)
    if not face:
        _check_kind(function, signature)
    found = face_named(face) if face else recognised(signature)
    whose = arrays or found.arrays
    known = Called(found, signature, whose, recognised=not face, device=device)
    if found is not PLAIN:  # Of a plain function its kind says what is wrong.
        known.check()
    return known


def recognised(signature: Signature) -> Face:
    """Return the face whose keywords a signature has.

    Names of operands decide nothing. Where every option is one of ours, it is `plain`.

    Raises
    ------
    InvalidArgument
        If none fits, or two do; the message lists what could be meant.
    """
    names = {*signature.defaults}
    fits = [face for face in FACES.values() if _tells(face, names)]
    if len(fits) == 1:
        return fits[0]
    if len(fits) > 1:
        said = " and ".join(face.id for face in fits)
        msg = f"face: the keywords fit {said}; --face or face= names one of them"
        raise InvalidArgument(msg)
    foreign = [
        name
        for name in signature.defaults
        if name not in PLAIN.names and any(name in f.speaking for f in FACES.values())
    ]
    if not foreign:
        return PLAIN
    near = [face for face in FACES.values() if face.speaking & {*foreign}]
    listed = "; ".join(_why_not(face, names) for face in near)
    msg = (
        f"face: none is recognised by {', '.join(foreign)}; {listed}; --face or face= "
        "names the one that is meant"
    )
    raise InvalidArgument(msg)


def _check_kind(function: Callable[..., Any], signature: Signature) -> None:
    """Reject what has a face of another kind, and none of attention.

    Raises
    ------
    InvalidArgument
        If it does; the message names the kind.
    """
    names = {*signature.defaults}
    if any(_tells(face, names) for face in FACES.values()):
        return
    found: dict[str, str] = {}
    for other in OF_KINDS.values():
        if isinstance(other, ObjectFace):
            shows = any(hasattr(function, name) for name in ROLES["append"].names)
        elif isinstance(other, PlannedFace):
            shows = True  # Its methods tell.
        else:
            shows = _beyond_attention(other, signature)
        if shows and other.recognises(function, kind_named(other.kind)):
            found.setdefault(other.kind, other.id)
    if found:
        listed = " and ".join(
            f"the face {face} of {kind}" for kind, face in found.items()
        )
        named = " or ".join(f"--kind {kind}" for kind in found)
        msg = f"kind: it has {listed}; {named} or kind= says so"
        raise InvalidArgument(msg)


def _beyond_attention(face: KindFace, signature: Signature) -> bool:
    """Return whether a function with this face could not be one of attention."""
    few = len(kind_named(DEFAULT_KIND).operands)
    required = {n for n, default in signature.defaults.items() if default is REQUIRED}
    if len(required) == few and {*signature.defaults} <= required | PLAIN.names:
        return False  # It has no word of another kind, which need not be imported.
    # As few operands may be those of attention, under any names.
    most = max(len(face.operands), len(kind_named(face.kind).operands))
    return bool(face.needs) or most > few


def _tells(face: Face, names: set[str]) -> bool:
    """Return whether names tell that a function has this face, and no other."""
    return any(told <= names for told in face.tells) and not names & {*face.never}


def _why_not(face: Face, names: set[str]) -> str:
    """Return why names do not tell that a function has this face."""
    if others := sorted(names & {*face.never}):
        return f"{face.id} never with {others[0]}"
    told = " or ".join(" and ".join(sorted(wanted)) for wanted in face.tells)
    return f"{face.id} is by {told}"


__all__ = [
    "FACES",
    "OF_KINDS",
    "Called",
    "Face",
    "KindFace",
    "ObjectFace",
    "Parameter",
    "PlannedFace",
    "Signature",
    "called",
    "face_named",
    "face_of_kind",
    "joined",
    "of_kind_named",
    "parted",
    "recognised",
    "said_of_methods",
]
