"""A function by its face: taken as one of NumPy's arrays, and told in its words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attnspec.conformance.libraries import (
    COMPILE,
    HERE,
    KEEP_STRIDES,
    LIBRARIES,
    Kernel,
    through,
)
from attnspec.exceptions import InvalidArgument
from attnspec.faces import (
    FACES,
    Called,
    KindFace,
    ObjectFace,
    Signature,
    called,
    face_named,
    face_of_kind,
    of_kind_named,
)
from attnspec.judge.claims import COMPILED, Capabilities
from attnspec.judge.description import Description
from attnspec.judge.kind import Kind
from attnspec.judge.layouts import Order
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Detected
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.registry import GRADIENT_KINDS, kind_named
from attnspec.numerics import NumericModel, default_model

PLAIN = "plain"
"""The face of a function that is called as its kind says."""


@dataclasses.dataclass(frozen=True)
class Faced:
    """A function of NumPy's arrays in our own signature, and what its face says."""

    function: Kernel
    capabilities: Capabilities
    arrays: str = ""
    face: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    dialect: Mapping[str, str] = dataclasses.field(default_factory=dict)


def faced(
    function: Kernel, kind: Kind, face: str = "", arrays: str = "", device: str = ""
) -> Faced:
    """Return a function as its face says that it is called.

    Parameters
    ----------
    function, kind
        What somebody hands in, and as what.
    face
        The id of its face; without one it is recognised.
    arrays, device
        The library whose arrays it takes, without one that of the face, and where
        they lie.

    Raises
    ------
    InvalidArgument
        If it has no such face or no such device, or cannot be called so.
    """
    if kind is not ATTENTION:
        return _of_kind(function, kind, face, arrays, device)
    if not callable(function):
        kind.claimed_by(function)  # It says what is wrong.
    known = called(function, face, arrays, device)
    native = through(known.arrays, function, device)
    plain = known.face.id == PLAIN
    claimed = kind.claimed_by(function) if plain else known.capabilities()
    is_ours = plain and known.arrays == "numpy" and not known.unknown
    return Faced(
        native if plain else known.translated(native),
        with_memory_of(known.arrays, device, claimed, kind),
        known.arrays,
        {} if is_ours else written(known),
        known.dialect,
    )


def _of_kind(
    function: Kernel, kind: Kind, face: str, arrays: str, device: str
) -> Faced:
    """Return a function of another kind than attention as its face says."""
    known = face_of_kind(kind.name, function, face)
    if known is None:
        claimed = kind.claimed_by(function)
        claimed = with_memory_of(arrays, device, claimed, kind)
        return Faced(through(arrays, function, device), claimed, arrays)
    if known.writes and device not in HERE:
        msg = f"face: what {known.id} writes on the device {device} is not seen here"
        raise InvalidArgument(msg)
    library = arrays or known.arrays
    if isinstance(known, ObjectFace):
        faced_so = _of_objects(function, kind, known, library, device)
        named = bool(face.partition(":")[0])
        said = {**faced_so.face, "recognised": not named}
        return dataclasses.replace(faced_so, face=said)

    def wrap(native: Kernel) -> Kernel:
        return through(library, native, device)

    signature = known.signature_of(function, wrap)
    claimed = known.capabilities(signature, kind)
    said = {"id": known.id, "recognised": not face, "signature": signature.written()}
    return Faced(
        known.translated(known.native(function, wrap), signature, kind),
        with_memory_of(library, device, claimed, kind),
        library,
        said,
    )


def _of_objects(
    make: Kernel, kind: Kind, face: ObjectFace, library: str, device: str
) -> Faced:
    """Return what makes objects as a function of a whole history."""

    def wrap(method: Kernel) -> Kernel:
        return through(library, method, device)

    found = face.found(make, wrap)
    claimed = face.claimed(found, kind)
    said = {"id": face.id, "signature": found.made.written()}
    claimed = with_memory_of(library, device, claimed, kind)
    return Faced(face.drive(face, found, wrap), claimed, library, said)


def with_memory_of(
    library: str, device: str, known: Capabilities, kind: Kind
) -> Capabilities:
    """Return what a function claims whose arrays are a library's, and lie there."""
    if library not in ("", *KEEP_STRIDES):
        known = known.claiming(without=kind.strided)
    if library in COMPILE and COMPILED in kind.vocabulary:
        known = known.claiming((COMPILED,))
    # What lies far apart is memory that is reserved here, and not sent anywhere; what
    # is written there is not seen here.
    here = {"far_offsets", "in_place", "out"} & known.claims
    return known if device in HERE else known.claiming(without=here)


def written(known: Called) -> dict[str, Any]:
    """Return how a function is called as a JSON object: what `read` reads."""
    return {
        "id": known.face.id,
        "recognised": known.recognised,
        "signature": known.signature.written(),
    }


def read(said: Mapping[str, Any], arrays: str = "", device: str = "") -> Called:
    """Return how a function of attention is called, as a JSON object says it.

    Raises
    ------
    InvalidArgument
        If there is no such face, or no function could be called so.
    """
    face, signature = face_named(said["id"]), Signature.read(said["signature"])
    known = Called(face, signature, arrays, said["recognised"], device)
    if face.id != PLAIN:
        known.check()
    return known


def check(said: Mapping[str, Any], kind: Kind) -> None:
    """Reject what a JSON object says of a function's face, if it cannot be so.

    Raises
    ------
    InvalidArgument
        If functions of the kind have no such face, or none could be called so.
    """
    if (own := of_kind_named(said["id"])) is not None:
        if kind.name == GRADIENT_KINDS.get(own.kind):
            kind = kind_named(own.kind)  # A backward pass is that of such a function.
        face_of_kind(kind.name, kind.definition, said["id"])
        own.capabilities(Signature.read(said["signature"]), kind)
    else:
        read(said)


def face_of(description: Description) -> Called | None:
    """Return how a function of attention is called, if not simply as its kind says."""
    if not description.face or description.kind != ATTENTION.name:
        return None
    arrays = description.arrays or LIBRARIES[0]
    return read(description.face, arrays, description.device)


def own_face_of(description: Description) -> Called | None:
    """Return how a function is called, if not with NumPy's arrays in our words."""
    known = face_of(description)
    return known if description.manner else None


def face_of_its_kind(description: Description) -> KindFace | ObjectFace | None:
    """Return the face of a function of another kind, if it is not plain."""
    return of_kind_named(description.face.get("id", ""))


def in_our_words(native: Kernel, description: Description) -> Kernel:
    """Return a function of another kind, and a library's arrays, as one of our own."""
    own = face_of_its_kind(description)
    if not isinstance(own, KindFace):
        return native
    signature = Signature.read(description.face["signature"])
    return own.translated(native, signature, kind_named(own.kind))


def check_script(description: Description, *, backward: bool = False) -> None:
    """Reject a function whose calls no script can write.

    Raises
    ------
    InvalidArgument
        If its operands are made of ours, a case takes several calls, or what is wrong
        is a backward pass that its library derives.
    """
    if backward and (library := description.arrays or LIBRARIES[0]) != LIBRARIES[0]:
        msg = f"script: a backward pass that {library} derives is no call of its kernel"
        raise InvalidArgument(msg)
    known = face_of(description)
    if known is not None and known.face.is_single:
        msg = f"script: a call of the face {known.face.id} is of one sequence alone"
        raise InvalidArgument(msg)
    if (own := face_of_its_kind(description)) is not None:
        msg = f"script: calls of the face {own.id} cannot be written as one"
        raise InvalidArgument(msg)


def orders(description: Description) -> dict[str, Order]:
    """Return for each operand the order in which its axes lie in memory."""
    if (own := face_of_its_kind(description)) is not None:
        first = kind_named(own.kind).operands[0]
        # Objects get copies.
        turned = own.order and isinstance(own, KindFace)
        return {first: own.order} if turned else {}
    known = face_of(description)
    if known is None or known.face.order == FACES[PLAIN].order or known.face.packed:
        return {}  # What is packed is dense.
    return dict.fromkeys(ATTENTION.operands, known.face.order)


def models_of(
    face: Mapping[str, Any], dtypes: Iterable[str]
) -> dict[str, NumericModel]:
    """Return how a function of a face computes, where that is not the usual way."""
    if not face:
        return {}
    if (own := of_kind_named(face["id"])) is not None:
        return {dtype: own.models[dtype] for dtype in dtypes if dtype in own.models}
    if FACES[face["id"]].returned.lse_format != "operands":
        return {}
    known = {dtype: default_model(dtype) for dtype in dtypes}
    return {
        dtype: model.replace(name=f"{face['id']}-{dtype}", lse=dtype)
        for dtype, model in known.items()
        if dtype in ("float16", "bfloat16")
    }


def call_in_words(description: Description, recipe: Recipe) -> str:
    """Return the call of a recipe's case in the words of a face; nothing of ours."""
    if (own := face_of_its_kind(description)) is not None:
        signature = Signature.read(description.face["signature"])
        return own.in_words(signature, kind_named(own.kind).case(recipe))
    known = face_of(description)
    if known is None or known.face.id == PLAIN:
        return ""
    return known.in_words(attention(recipe))


def attention(recipe: Recipe) -> AttentionCase:
    """Return the case of a recipe of attention."""
    return cast("AttentionCase", ATTENTION.case(recipe))


def with_face(detected: Detected, description: Description) -> Detected:
    """Return a dialect in which it is said what is fixed by the face."""
    known = face_of(description)
    if known is None:
        return detected
    fixed = known.dialect
    sources = {
        field: "face"
        if source == "declared" and fixed.get(field) == detected.dialect[field]
        else source
        for field, source in detected.sources.items()
    }
    return dataclasses.replace(detected, sources=sources)


__all__ = [
    "PLAIN",
    "Faced",
    "attention",
    "call_in_words",
    "check",
    "check_script",
    "face_of",
    "face_of_its_kind",
    "faced",
    "in_our_words",
    "models_of",
    "orders",
    "own_face_of",
    "read",
    "with_face",
    "with_memory_of",
    "written",
]
