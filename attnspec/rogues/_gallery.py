"""What a rogue is, and what a control is."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.conformance import Description, Implementation, Verdict
from attnspec.conformance.differentiation import CLAIM
from attnspec.conformance.implementation import Kernel
from attnspec.exceptions import UnknownName
from attnspec.judge import invariance
from attnspec.judge.claims import Capabilities
from attnspec.kinds.registry import KINDS, find, kind_named

MISTAKES: Mapping[str, str] = {
    "layout": "memory: strides, expanded operands, writing into the inputs",
    "mask": "masks and biases: broadcasting, merging, polarity, kind",
    "tail": "ends of tiles and rows, exact multiples too",
    "empty-row": "rows without any visible key, minus infinity less itself",
    "dropped-option": "an option that is silently ignored, alone or beside another",
    "precision": "formats too narrow, ranges exceeded, finite stand-ins",
    "lse": "the logsumexp, and merging by it",
    "alignment": "where the causal diagonal lies",
    "heads": "which key head a query head reads",
    "state": "what one call leaves behind for the next; races",
    "window": "the edges of a window",
    "width": "the widths of queries, keys and values",
    "softcap": "the cap on the scores, and its place",
    "sink": "the sink's share of a row",
    "hidden-nan": "NaN in a slot that nobody sees",
    "visible-nan": "NaN that is seen and lost, or that reaches what does not see it",
    "grid": "more blocks or larger offsets than an index can count",
    "batch": "reading another batch element or head",
    "online-softmax": "the running maximum, sum and accumulator",
    "call": "the form of the result",
    "position": "which position a vector or a score is given",
    "formula": "a factor, a sign or a term of a formula that is another one",
    "order": "a result that depends on an order, or does not, where it must not",
    "recurrence": "a state that is carried wrongly, or started anew",
    "null": "answers that do not depend on what was asked",
}
"""The classes of mistakes by name."""

DIALECT = {
    "alignment": "lower_right",
    "empty_row": "zero",
    "empty_lse": "minus_infinity",
    "empty_keys": "zero",
    "softcap_order": "before_bias",
    "causal_alibi": "distance",
}
"""The dialect that every rogue declares, so that no mistake passes for a choice."""

FORMATS = ("float32", "float64", "float16", "bfloat16")
"""The formats that a careful function takes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rogue:
    """A deliberately wrong kernel.

    Parameters
    ----------
    id
        Its name.
    mistake
        The class of its mistake, out of `MISTAKES`.
    sentence
        What it does wrong.
    implementation
        The kernel and what it claims.
    caught_by
        The id of the invariant that must catch it.
    mimics
        A public bug of the same kind, such as ``pytorch#191937``; empty if the
        mistake is so plain that none is needed.
    verdict
        What the invariant must say of it.
    """

    id: str
    mistake: str
    sentence: str
    implementation: Implementation
    caught_by: str
    mimics: str = ""
    verdict: Verdict = Verdict.FAILED

    def __post_init__(self) -> None:
        """Reject unknown classes and invariants."""
        find(self.caught_by)
        if self.mistake not in MISTAKES:
            msg = (
                f"mistake: expected one of {', '.join(MISTAKES)}; got {self.mistake!r}"
            )
            raise UnknownName(msg)

    def fresh(self) -> Implementation:
        """Return the implementation without a memory of earlier calls."""
        return _fresh(self.implementation)


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """An unusual but right kernel: a judge that rejects it gives a false alarm."""

    id: str
    sentence: str
    implementation: Implementation

    def fresh(self) -> Implementation:
        """Return the implementation without a memory of earlier calls."""
        return _fresh(self.implementation)


def _fresh(implementation: Implementation) -> Implementation:
    """Return an implementation whose function has a state of its own."""
    function = copy.deepcopy(implementation.function)
    return Implementation(function, implementation.description)


def claiming(
    id: str,  # noqa: A002 - the field's name
    kernel: Kernel,
    *,
    dtypes: tuple[str, ...] = ("float32",),
    without: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    dialect: Mapping[str, str] | None = None,
    **fields: Any,
) -> Implementation:
    """Return an implementation that claims everything but what is named.

    What few kernels have is claimed where it is named, too.
    """
    rare = {*KINDS["attention"].options["alibi_slopes"], *invariance.CLAIMS} - {*also}
    claims = frozenset(KINDS["attention"].abilities) - {CLAIM, *rare, *without}
    limits = {n: fields.pop(n) for n in ("multiples", "exclusive") if n in fields}
    capabilities = Capabilities(dtypes, claims, **limits)
    choices = {**DIALECT, **(dialect or {})}
    return Implementation(kernel, Description(id, capabilities, choices, **fields))


def rogue(
    id: str,  # noqa: A002 - the field's name
    mistake: str,
    sentence: str,
    kernel: Kernel,
    *,
    caught_by: str,
    mimics: str = "",
    verdict: Verdict = Verdict.FAILED,
    **fields: Any,
) -> Rogue:
    """Return a rogue that claims everything but what is named."""
    implementation = claiming(id, kernel, **fields)
    return Rogue(id, mistake, sentence, implementation, caught_by, mimics, verdict)


def control(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    kernel: Kernel,
    **fields: Any,
) -> Control:
    """Return a control that claims everything but what is named."""
    return Control(id, sentence, claiming(id, kernel, **fields))


def kind_rogue(
    kind: str,
    id: str,  # noqa: A002 - the field's name
    mistake: str,
    sentence: str,
    function: Kernel,
    *,
    caught_by: str,
    mimics: str = "",
    **fields: Any,
) -> Rogue:
    """Return a rogue of another kind than attention; its keywords claim."""
    found = _of_kind(kind, id, function, **fields)
    return Rogue(id, mistake, sentence, found, caught_by, mimics)


def kind_control(
    kind: str,
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    function: Kernel,
    **fields: Any,
) -> Control:
    """Return a control of another kind than attention; its keywords claim."""
    return Control(id, sentence, _of_kind(kind, id, function, **fields))


def rogues_of(
    kind: str,
    prefix: str = "",
    *,
    made: Callable[[Any], Kernel] = lambda function: function,
    mimics: Mapping[str, str] | None = None,
    **known: Any,
) -> Callable[..., Rogue]:
    """Return what makes rogues of a kind, whose ids and laws begin alike.

    It takes an id, a class of mistakes, a sentence, a function (or what one is
    ``made`` of) and a law, and then fields of `kind_rogue`.
    """
    bugs = mimics or {}

    def make(
        id: str,  # noqa: A002 - the field's name
        mistake: str,
        sentence: str,
        function: Any,
        law: str,
        **fields: Any,
    ) -> Rogue:
        found = {"mimics": bugs.get(id, ""), **known, **fields}
        name, caught_by = f"{prefix or kind}-{id}", f"{kind}-{law}"
        function = made(function)
        return kind_rogue(
            kind, name, mistake, sentence, function, caught_by=caught_by, **found
        )

    return make


def mistaken(make: Callable[..., Rogue], usual: str) -> Callable[..., Rogue]:
    """Return the same, but for a class of mistakes that need not be named."""

    def enter(
        id: str,  # noqa: A002 - the field's name
        sentence: str,
        function: Any,
        law: str,
        mistake: str = usual,
        **fields: Any,
    ) -> Rogue:
        return make(id, mistake, sentence, function, law, **fields)

    return enter


def controls_of(kind: str, prefix: str = "", **known: Any) -> Callable[..., Control]:
    """Return what makes controls of a kind, whose ids begin alike."""

    def make(id: str, sentence: str, function: Any, **fields: Any) -> Control:  # noqa: A002 - the field's name
        found = {**known, **fields}
        return kind_control(kind, f"{prefix or kind}-{id}", sentence, function, **found)

    return make


def makers(
    kind: str,
    prefix: str = "",
    *,
    usual: str = "",
    right_in: tuple[str, ...] = (),
    **known: Any,
) -> tuple[Callable[..., Rogue], Callable[..., Control]]:
    """Return what makes the rogues of a kind, and what makes its controls.

    The first is that of `rogues_of`; where a class of mistakes is ``usual``, that
    of `mistaken`. The second is that of `controls_of`, with ``right_in`` for the
    formats of controls that do not say otherwise.
    """
    make = rogues_of(kind, prefix, **known)
    formats = {"dtypes": right_in} if right_in else {}
    controls = controls_of(kind, prefix, **formats)
    return mistaken(make, usual) if usual else make, controls


def _of_kind(
    kind: str,
    id: str,  # noqa: A002 - the field's name
    function: Kernel,
    *,
    dialect: Mapping[str, str] | None = None,
    **fields: Any,
) -> Implementation:
    """Return an implementation that declares every choice."""
    choices = {**kind_named(kind).default(), **(dialect or {})}
    return Implementation.of(function, name=id, kind=kind, dialect=choices, **fields)


__all__ = [
    "DIALECT",
    "FORMATS",
    "MISTAKES",
    "Control",
    "Rogue",
    "claiming",
    "control",
    "controls_of",
    "kind_control",
    "kind_rogue",
    "makers",
    "mistaken",
    "rogue",
    "rogues_of",
]
