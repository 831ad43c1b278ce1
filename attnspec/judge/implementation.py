"""The kernel under test, with what it claims."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.judge.deviations import Deviation
from attnspec.judge.law import ATTENTION
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.registry import KINDS, choices_of, kind_named, vocabulary_of
from attnspec.numerics import NumericModel, default_model

Kernel = Callable[..., Any]

_POSITIONAL = ("query", "key", "value")
_PLACED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)
_IMPLIED = {
    "scale": ("nonpositive_scale",),
    "bias": ("minus_infinity_bias", "float32_bias"),
}
_KEYWORDS = (*OPTIONS, "return_lse")


@dataclasses.dataclass(frozen=True, slots=True)
class Description:
    """All that is known of an implementation but the function itself."""

    name: str
    capabilities: Capabilities
    dialect: Mapping[str, str] = dataclasses.field(default_factory=dict)
    models: Mapping[str, NumericModel] = dataclasses.field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    version: str = ""
    """The system and version that the kernel comes from."""
    kind: str = ATTENTION
    """What kind of function it is."""

    def __post_init__(self) -> None:
        """Reject dialect fields, limits and models that there cannot be."""
        choices = choices_of(self.kind)
        for name, value in self.dialect.items():
            if name not in choices:
                listed = ", ".join(choices) or "none"
                msg = f"dialect: expected one of {listed}; got {name!r}"
                raise UnknownName(msg)
            if value not in choices[name]:
                listed = ", ".join(map(repr, choices[name]))
                msg = f"{name}: expected one of {listed}; got {value!r}"
                raise UnknownName(msg)
        limits = self.capabilities.multiples or self.capabilities.exclusive
        if limits and self.kind != ATTENTION:
            msg = f"capabilities: {self.kind} knows neither multiples nor exclusive"
            raise InvalidArgument(msg)
        if unclaimed := sorted(set(self.models) - set(self.capabilities.dtypes)):
            msg = f"models: {unclaimed[0]!r} is not among the claimed dtypes"
            raise InvalidArgument(msg)

    def model(self, dtype: str) -> NumericModel:
        """Return the numeric model that a dtype is judged by."""
        return self.models.get(dtype) or default_model(dtype)

    def replace(self, **changes: Any) -> Description:
        """Return the same description with some fields changed."""
        return dataclasses.replace(self, **changes)


@dataclasses.dataclass(frozen=True, slots=True)
class Implementation:
    """A kernel and what it claims.

    Parameters
    ----------
    function
        Called as ``function(query, key, value, **options)`` with NumPy arrays;
        only options in force are passed.
    description
        Name, capabilities, dialect (declared fields only), numeric models and
        known deviations.

    Examples
    --------
    >>> def kernel(query, key, value, *, causal=False): ...
    >>> implementation = Implementation.of(kernel, claims=["grouped_query"])
    >>> sorted(implementation.description.capabilities.claims)
    ['causal', 'deterministic', 'grouped_query', 'unequal_lengths']
    """

    function: Kernel
    description: Description

    @classmethod
    def of(
        cls,
        function: Kernel,
        *,
        name: str | None = None,
        kind: str = ATTENTION,
        dtypes: tuple[str, ...] = (),
        claims: Iterable[str] = (),
        without: Iterable[str] = (),
        **fields: Any,
    ) -> Implementation:
        """Return the implementation that a plain function is: its keywords claim.

        What is named in `claims` is claimed beyond that, in `without` it is not.
        """
        known = kind_named(kind)
        capabilities = known.claimed_by(function) if known else claimed_by(function)
        capabilities = capabilities.claiming(claims, without)
        capabilities = capabilities.replace(dtypes=tuple(dtypes) or capabilities.dtypes)
        name = name or str(getattr(function, "__name__", "kernel"))
        description = Description(name, capabilities, kind=kind, **fields)
        return cls(function, description)


def claimed_by(function: Kernel) -> Capabilities:
    """Return the capabilities that a function's signature claims.

    A keyword that is absent is a capability not claimed; ``**kwargs`` claims nothing.
    """
    if not callable(function):
        msg = f"target: expected a function, got {type(function).__name__}"
        raise InvalidArgument(msg)
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        msg = f"target: the signature of {function!r} cannot be read ({error})"
        raise InvalidArgument(msg) from error
    placed = (parameter.kind in _PLACED for parameter in parameters)
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if (count := sum(placed)) < len(_POSITIONAL) and not several:
        takes = f"{count} argument{'s' * (count != 1)}"
        msg = (
            f"target: expected attention(query, key, value, ...); it takes {takes}; "
            "a function of another kind needs its kind"
        )
        raise InvalidArgument(msg)
    claims = {"unequal_lengths", "deterministic"}
    required = []
    for position, parameter in enumerate(parameters):
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if parameter.name in _KEYWORDS and parameter.kind != parameter.POSITIONAL_ONLY:
            claims |= {parameter.name, *_IMPLIED.get(parameter.name, ())}
        elif parameter.default is parameter.empty and position >= len(_POSITIONAL):
            required.append(parameter.name)
    if required:
        msg = (
            f"target: expected (query, key, value) and options out of "
            f"{', '.join(_KEYWORDS)}; {required[0]!r} is required and unknown"
        )
        raise InvalidArgument(msg)
    if claims & {"mask", "bias"}:
        claims.add("head_mask")
    return Capabilities(claims=frozenset(claims))


def claims(
    *names: str,
    dtypes: tuple[str, ...] | None = None,
    without: tuple[str, ...] = (),
) -> Callable[[Kernel], Kernel]:
    """Return a decorator that claims what a signature cannot say, or less than it says.

    Examples
    --------
    >>> @claims("grouped_query", "value_width", dtypes=("float32", "float16"))
    ... def kernel(query, key, value): ...
    """
    known = {name for kind in (ATTENTION, *KINDS) for name in vocabulary_of(kind)}
    if unknown := sorted({*names, *without} - known):
        msg = f"claim: expected one of {', '.join(sorted(known))}; got {unknown[0]!r}"
        raise UnknownName(msg)
    Capabilities(dtypes=dtypes or ("float32",))

    def decorate(function: Kernel) -> Kernel:
        said = (names, dtypes, without)
        function.__attnspec_claims__ = said  # type: ignore[attr-defined]
        return function

    return decorate


def as_implementation(
    target: Kernel | Implementation, name: str | None = None, kind: str = ATTENTION
) -> Implementation:
    """Return an implementation as it is, a function as what its keywords claim."""
    if isinstance(target, Implementation):
        return target
    names, dtypes, without = getattr(target, "__attnspec_claims__", ((), None, ()))
    return Implementation.of(
        target,
        name=name,
        kind=kind,
        claims=names,
        without=without,
        dtypes=dtypes or (),
    )


__all__ = [
    "Description",
    "Implementation",
    "Kernel",
    "as_implementation",
    "claimed_by",
    "claims",
]
