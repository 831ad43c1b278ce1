"""Kernels of attention that differentiate, and their backward passes as a kind."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from attnspec._typing import Array
from attnspec.conformance.facing import (
    face_of_its_kind,
    in_our_words,
    own_face_of,
)
from attnspec.conformance.libraries import ADAPTERS, LIBRARIES, Kernel
from attnspec.exceptions import InvalidArgument
from attnspec.faces import PlannedFace
from attnspec.faces.plain import PLAIN
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.judge.kind import Kind
from attnspec.judge.verdicts import Detected
from attnspec.kinds.registry import DEFAULT_KIND, GRADIENT_KINDS, kind_named

CLAIM = "gradients"
"""The claim of a kernel of attention that its backward pass is to be judged."""

VJP = "_vjp"
"""How the name of a backward pass ends that stands beside its kernel."""

_KEPT = "kept"
"""The option of the multiplier of dropout: of a seed nobody knows what it drops."""

_DIFFERENTIATED = ("query", "key", "value")
"""The operands that have a gradient."""

_OWN = ("d_lse", "kept", "saved", "return_saved", "retain_graph", "refuses_bias")
"""The claims that a backward pass makes by itself, and not the kernel."""

Pullback = Callable[
    [Mapping[str, Any], Mapping[str, Any], Sequence[Array], Sequence[str], bool],
    tuple[tuple[Any, ...], tuple[Any, ...]],
]
"""Differentiates a function of some library's arrays.

It is given operands and options by name, cotangents of the first results, the names of
what is to have a gradient, and whether to go back over the graph twice. It returns all
results, and the gradients.
"""


class Differentiable:
    """A kernel and its backward pass, in one function.

    Parameters
    ----------
    kernel
        Called with query, key and value, and what else its kind has.
    vjp
        Called with these, and the cotangent of the output.
    count
        How many operands the kernel has.
    """

    def __init__(self, kernel: Kernel, vjp: Kernel, count: int = 3) -> None:
        """Have the name of the kernel."""
        self._kernel = kernel
        self._vjp = vjp
        self._count = count
        functools.update_wrapper(self, kernel)

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Call the one that has so many operands."""
        function = self._kernel if len(operands) == self._count else self._vjp
        return function(*operands, **options)


def with_backward(
    function: Kernel,
    known: Description,
    vjp: Kernel,
    options: Collection[str] | None = None,
) -> tuple[Differentiable, Description]:
    """Return a kernel with its backward pass, and what is known of both.

    Parameters
    ----------
    function, known
        The kernel.
    vjp
        Its backward pass, as the kind of backward passes of such kernels has it.
    options
        The claims that the backward pass makes by its keywords; those of its signature
        where they are not named.
    """
    own, kind = kind_named(known.kind or DEFAULT_KIND), gradient_kind(known)
    if options is None:
        options = kind.claimed_by(vjp).claims
    gradients = known.replace(
        capabilities=_capabilities(known.capabilities, kind, options),
        dialect={n: v for n, v in known.dialect.items() if n in kind.choices},
        deviations=(),
        kind=kind.name,
    )
    both = Differentiable(function, vjp, len(own.operands))
    return both, known.replace(gradients=gradients)


def gradient_kind(known: Description) -> Kind:
    """Return the kind that the backward pass of a function is.

    Raises
    ------
    InvalidArgument
        If functions of its kind have none.
    """
    name = known.kind or DEFAULT_KIND
    if name not in GRADIENT_KINDS:
        msg = f"gradients: no backward pass of the kind {name} is judged"
        raise InvalidArgument(msg)
    return kind_named(GRADIENT_KINDS[name])


def _capabilities(
    known: Capabilities, kind: Kind, options: Collection[str]
) -> Capabilities:
    """Return what a backward pass claims: what the kernel does, as far as it can."""
    of_keywords = {claim for claims in kind.options.values() for claim in claims}
    claims = known.claims & {*kind.vocabulary}
    own = {*options} & {*_OWN} & {*kind.vocabulary}
    claims = (claims - of_keywords) | (claims & {*options}) | own
    return Capabilities(
        dtypes=known.dtypes,
        claims=frozenset(claims),
        multiples=known.multiples,
        least=known.least,
        exclusive=tuple(p for p in known.exclusive if p <= {*kind.vocabulary}),
        vocabulary=kind.vocabulary,
    )


def differentiated(
    native: Kernel, function: Kernel, known: Description
) -> tuple[Kernel, Description]:
    """Return a kernel with the backward pass that its library gives it, if it does.

    NumPy's has one where a function ``name_vjp`` stands beside ``name``.

    Parameters
    ----------
    native
        The function of a library's arrays, as it is handed in.
    function, known
        What it is as a kernel of NumPy's arrays.
    """
    if known.kind not in ("", DEFAULT_KIND):
        return _differentiated_kind(native, function, known)
    library, called = known.arrays or LIBRARIES[0], own_face_of(known)
    if library == LIBRARIES[0]:
        vjp = beside(native)
        plain = called is None
        return (
            with_backward(function, known, vjp) if vjp and plain else (function, known)
        )
    if called is not None and (called.face.packed or called.face.is_single):
        return function, known
    pullback_of = _pullback_of(library)
    if pullback_of is None:
        return function, known
    pullback = pullback_of(native, called, known.device)
    plain = called is not None and called.face is PLAIN
    drops = called is not None and plain and _KEPT in called.unknown
    return pulled_back(function, known, pullback, (_KEPT,) if drops else ())


def _differentiated_kind(
    native: Kernel, function: Kernel, known: Description
) -> tuple[Kernel, Description]:
    """Return a kernel of another kind than attention with its backward pass.

    A function of a face is differentiated as the one of our own that it is by it.
    """
    library, vjp = known.arrays or LIBRARIES[0], beside(native)
    if library == LIBRARIES[0]:
        is_plain = not known.face
        both = with_backward(function, known, vjp) if vjp and is_plain else None
        return both or (function, known)
    pullback_of = _pullback_of(library)
    if pullback_of is None or isinstance(face_of_its_kind(known), PlannedFace):
        return function, known
    pullback = pullback_of(in_our_words(native, known), None, known.device)
    return pulled_back(function, known, pullback)


def _pullback_of(library: str) -> Callable[..., Pullback] | None:
    """Return what makes a function differentiable by its library, if that is known."""
    pullbacks = importlib.import_module(f"{ADAPTERS}._pullbacks")
    return getattr(pullbacks, library, None)


def pulled_back(
    function: Kernel,
    known: Description,
    pullback: Pullback,
    own: Collection[str] = (),
) -> tuple[Differentiable, Description]:
    """Return a kernel that a library differentiates, with its backward pass.

    Its own options are those that the kernel itself is not judged with.
    """
    claims = known.capabilities.claims
    options = {*claims, *own, "retain_graph"}
    if "return_lse" in claims:
        options.add("d_lse")
    vjp = _vjp(pullback, gradient_kind(known).operands)
    return with_backward(function, known, vjp, options)


def beside(function: Kernel) -> Kernel | None:
    """Return the function ``name_vjp`` in the module of the function ``name``."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    name = getattr(function, "__name__", "")
    found = getattr(module, f"{name}{VJP}", None)
    return found if callable(found) else None


def _vjp(pullback: Pullback, names: Sequence[str]) -> Kernel:
    """Return a backward pass as its kind has it, whose operands are named."""

    def vjp(
        *arguments: Any,
        d_lse: Array | None = None,
        return_saved: bool = False,
        retain_graph: bool = False,
        **options: Any,
    ) -> tuple[Any, ...]:
        operands = dict(zip(names, arguments, strict=True))
        d_output = operands.pop("d_output")
        named = (name for name in ("bias", "sink") if name in options)
        wanted = (*_DIFFERENTIATED, *named)
        cotangents = [d_output] if d_lse is None else [d_output, d_lse]
        if return_saved or d_lse is not None:
            options["return_lse"] = True
        results, gradients = pullback(
            operands, options, cotangents, wanted, retain_graph
        )
        return (*gradients, *results) if return_saved else gradients

    return vjp


def backward_of(
    description: Description, detected: Detected | None = None
) -> Description | None:
    """Return what is known of the backward pass that is to be judged, if one is.

    It is held to the dialect that was detected of the kernel.
    """
    known = description.gradients
    if known is None or CLAIM not in description.capabilities.claims:
        return None
    choices = detected.dialect if detected else {}
    own = kind_named(known.kind).choices
    same = {name: choice for name, choice in choices.items() if name in own}
    kernel = description.replace(gradients=None)
    return known.replace(dialect={**same, **known.dialect}, forward=kernel)


def kinds_judged(description: Description) -> tuple[str, ...]:
    """Return the kinds whose laws a kernel is put before."""
    further = backward_of(description)
    own = description.kind or DEFAULT_KIND
    return (own,) if further is None else (own, further.kind)


__all__ = [
    "CLAIM",
    "VJP",
    "Differentiable",
    "Pullback",
    "backward_of",
    "beside",
    "differentiated",
    "gradient_kind",
    "kinds_judged",
    "pulled_back",
    "with_backward",
]
