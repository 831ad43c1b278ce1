"""The kernel under test, with what it claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attnspec._typing import DType
from attnspec.conformance.differentiation import differentiated, with_backward
from attnspec.conformance.facing import faced, models_of, with_memory_of
from attnspec.conformance.libraries import LIBRARIES, Kernel, through
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.faces import joined
from attnspec.judge.claims import Capabilities, pairs_of
from attnspec.judge.description import Description
from attnspec.judge.kind import Kind
from attnspec.kinds.registry import DEFAULT_KIND, GRADIENT_KINDS, KINDS, kind_named


@dataclasses.dataclass(frozen=True, slots=True)
class Implementation:
    """A kernel and what it claims.

    Parameters
    ----------
    function
        Called with NumPy arrays, as its kind says; only options in force are passed.
    description
        Name, capabilities, dialect (declared fields only), numeric models and
        known deviations.

    Examples
    --------
    >>> def kernel(query, key, value, *, causal=False): ...
    >>> implementation = Implementation.of(kernel, claims=["grouped_query"])
    >>> implementation.description.capabilities.allows({"causal", "grouped_query"})
    True
    """

    function: Kernel
    description: Description

    def __post_init__(self) -> None:
        """Reject what a function of this kind cannot claim, choose or deviate in."""
        if not isinstance(self.description, Description):
            msg = f"description: expected a Description; got {self.description!r}"
            raise InvalidArgument(msg)
        kind = kind_named(self.description.kind or DEFAULT_KIND)
        description = checked(self.description.replace(kind=kind.name), kind)
        object.__setattr__(self, "description", description)

    @classmethod
    def of(
        cls,
        function: Kernel,
        *,
        name: str | None = None,
        kind: str = DEFAULT_KIND,
        face: str = "",
        arrays: str = "",
        device: str = "",
        dtypes: tuple[DType, ...] = (),
        claims: Iterable[str] = (),
        without: Iterable[str] = (),
        multiples: Mapping[str, int] | None = None,
        least: Mapping[str, int] | None = None,
        exclusive: Iterable[Iterable[str]] = (),
        **fields: Any,
    ) -> Implementation:
        """Return the implementation that a plain function is: its keywords claim.

        Its `face` is recognised unless it is named, and so is the library whose
        `arrays` it takes; they lie on a `device`. The `methods` of a class are those
        that its face knows, unless they are called otherwise. What is named in `claims`
        is claimed beyond that, in `without` it is not; of the claims of a group in
        `exclusive` no two come together. Sizes are `multiples` of a number, and at
        `least` another.
        """
        groups = [tuple(group) for group in exclusive]
        if alone := [g for g in groups if len(set(g)) != len(g) or len(g) < 2]:
            msg = f"exclusive: expected two claims or more, each once; got {alone[0]}"
            raise InvalidArgument(msg)
        face = joined(face, fields.pop("methods", {}))
        found = faced(function, kind_named(kind), face, arrays, device)
        capabilities = found.capabilities.claiming(claims, without)
        pairs = (pair for group in groups for pair in pairs_of(group))
        capabilities = capabilities.replace(
            dtypes=tuple(dtypes) or capabilities.dtypes,
            multiples={**capabilities.multiples, **(multiples or {})},
            least=dict(least or {}),
            exclusive=(*capabilities.exclusive, *map(frozenset, pairs)),
        )
        models = models_of(found.face, capabilities.dtypes)
        said = {
            "name": name or str(getattr(function, "__name__", "kernel")),
            "capabilities": capabilities,
            "kind": kind,
            "face": found.face,
            "arrays": "" if found.arrays == LIBRARIES[0] else found.arrays,
            "device": device,
            **fields,
            "dialect": {**found.dialect, **fields.get("dialect", {})},
            "models": {**models, **fields.get("models", {})},
        }
        known = Description(**said)
        if kind not in GRADIENT_KINDS or known.gradients is not None:
            return cls(found.function, known)
        return cls(*differentiated(function, found.function, known))


def differentiable(found: Implementation, vjp: Kernel) -> Implementation:
    """Return a kernel together with its backward pass.

    Parameters
    ----------
    found
        The kernel.
    vjp
        Its backward pass, as the kind ``attention-gradient`` has it, or those of packed
        and padded sequences: its keywords are its claims.

    Returns
    -------
    Implementation
        The same, which may claim ``gradients``.

    Examples
    --------
    >>> def kernel(query, key, value, *, causal=False, softcap=None): ...
    >>> def vjp(query, key, value, d_output, *, causal=False): ...
    >>> found = differentiable(Implementation.of(kernel), vjp).description.gradients
    >>> "causal" in found.capabilities, "softcap" in found.capabilities
    (True, False)
    """
    return Implementation(*with_backward(found.function, found.description, vjp))


def checked(description: Description, kind: Kind) -> Description:
    """Return the description of a function of a kind, with the kind's vocabulary.

    Raises
    ------
    InvalidArgument
        If there is no such claim, size, choice, format or deviation.
    """
    for name, value in description.dialect.items():
        if name not in kind.choices:
            listed = ", ".join(kind.choices) or "none"
            msg = f"dialect: expected one of {listed}; got {name!r}"
            raise UnknownName(msg)
        if value not in kind.choices[name]:
            listed = ", ".join(map(repr, kind.choices[name]))
            msg = f"{name}: expected one of {listed}; got {value!r}"
            raise UnknownName(msg)
    capabilities = kind.checked(description.capabilities)
    if unclaimed := sorted(set(description.models) - set(capabilities.dtypes)):
        msg = f"models: {unclaimed[0]!r} is not among the claimed dtypes"
        raise InvalidArgument(msg)
    for deviation in description.deviations:
        deviation.check(kind)
    gradients = description.gradients
    if gradients is not None:
        gradients = checked(gradients, kind_named(gradients.kind))
    elif "gradients" in capabilities.claims:
        msg = f"claim: gradients: expected a backward pass of {description.name!r}: "
        msg += "arrays of torch or jax, or a function beside it that is named _vjp"
        raise InvalidArgument(msg)
    return description.replace(capabilities=capabilities, gradients=gradients)


def claims(
    *names: str,
    dtypes: tuple[DType, ...] | None = None,
    without: tuple[str, ...] = (),
    **limits: Any,
) -> Callable[[Kernel], Kernel]:
    """Return a decorator that claims what a signature cannot say, or less than it says.

    The keywords `multiples`, `least` and `exclusive` are those of `Implementation.of`.

    Examples
    --------
    >>> @claims("grouped_query", "value_width", dtypes=("float32", "float16"))
    ... def kernel(query, key, value): ...
    """
    unknown = {*names, *without}
    for kind in KINDS.values():
        unknown -= {*kind.vocabulary}
        if not unknown:
            break
    else:
        known = sorted({name for kind in KINDS.values() for name in kind.vocabulary})
        msg = f"claim: expected one of {', '.join(known)}; got {min(unknown)!r}"
        raise UnknownName(msg)
    Capabilities(dtypes=dtypes or ("float32",))
    if other := sorted(set(limits) - {"multiples", "least", "exclusive"}):
        msg = f"limits: expected multiples, least or exclusive; got {other[0]!r}"
        raise UnknownName(msg)

    def decorate(function: Kernel) -> Kernel:
        said = {"claims": names, "dtypes": dtypes or (), "without": without, **limits}
        function.__attnspec_claims__ = said  # type: ignore[attr-defined]
        return function

    return decorate


def as_implementation(
    target: Kernel | Implementation,
    name: str | None = None,
    kind: str = DEFAULT_KIND,
    face: str = "",
    arrays: str = "",
    device: str = "",
) -> Implementation:
    """Return a function as what its keywords claim, an implementation as it is.

    Raises
    ------
    InvalidArgument
        If the function has no such face, or an implementation is to have another.
    """
    if not isinstance(target, Implementation):
        said = getattr(target, "__attnspec_claims__", {})
        return Implementation.of(
            target,
            name=name,
            kind=kind,
            face=face,
            arrays=arrays,
            device=device,
            **said,
        )
    if face:
        msg = f"face: an Implementation has its own; got {face!r}"
        raise InvalidArgument(msg)
    return taking(arrays, target, device)


def taking(library: str, found: Implementation, device: str = "") -> Implementation:
    """Return an implementation of another library's arrays as one of NumPy's.

    Where the arrays do not keep their strides, it does not claim to honor them.

    Raises
    ------
    InvalidArgument
        If it takes the arrays of a library already, and they lie elsewhere.
    UnusableTarget
        If the library is not installed, or cannot use the device.
    """
    known = found.description
    if not library and device in ("", known.device):
        return found
    if known.arrays not in ("", LIBRARIES[0]):
        msg = f"arrays: {known.name} has its own; got {library or device!r}"
        raise InvalidArgument(msg)
    capabilities = with_memory_of(
        library, device, known.capabilities, kind_named(known.kind)
    )
    function = through(library, found.function, device)
    arrays = "" if library == LIBRARIES[0] else library
    said = {"capabilities": capabilities, "arrays": arrays, "device": device}
    moved = known.replace(**said)
    if known.kind not in GRADIENT_KINDS or known.gradients is not None:
        return Implementation(function, moved)
    return Implementation(*differentiated(found.function, function, moved))


__all__ = [
    "Implementation",
    "Kernel",
    "as_implementation",
    "checked",
    "claims",
    "differentiable",
    "taking",
]
