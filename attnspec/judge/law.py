"""What an invariant is, and what it may see."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.case import Result
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import OPTIONS, AttentionCase
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.attention.families import FAMILIES
from attnspec.numerics import Comparison

ATTENTION = "attention"
"""The kind of function that the kit began with; the others are in `KINDS`."""

EVERY_FAMILY = tuple(FAMILIES)
"""The families for a law that holds of every case."""


class AttentionBench(Protocol):
    """What a law may see: a way to call one kernel, and what is right for it."""

    @property
    def dialect(self) -> Dialect:
        """The choices that the kernel is held to."""

    @property
    def capabilities(self) -> Capabilities:
        """What the kernel claims."""

    def run(self, case: AttentionCase, *, lse: bool = False) -> Result:
        """Call the kernel."""

    def judged(self, case: AttentionCase) -> Evaluation:
        """Return the exact result of a case and the bounds on the kernel's error."""


Law = Callable[[AttentionCase, AttentionBench], Iterator[Comparison]]
"""A check: yields comparisons, each of which must hold; none means no evidence."""


Applies = Callable[[Dialect, Capabilities], bool]
"""Whether a law says anything of a kernel with this dialect and these claims."""


def always(_dialect: Dialect, _capabilities: Capabilities) -> bool:
    """Return True: the law says something of every kernel."""
    return True


def hides_keys(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any way to hide a key from every query."""
    early = dialect.alignment == "upper_left" and "causal" in capabilities
    by_flag = "unequal_lengths" in capabilities and (early or "window" in capabilities)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def empties_rows(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel can be asked for a row without any key."""
    late = dialect.alignment == "lower_right" and "causal" in capabilities
    by_flag = "unequal_lengths" in capabilities and (late or "window" in capabilities)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def has_choices(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a choice of the dialect can be seen."""
    flags = {"causal", "window"} & capabilities.claims
    aligned = bool(flags) and "unequal_lengths" in capabilities
    return aligned or empties_rows(dialect, capabilities)


def has_options(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any option."""
    return bool(set(OPTIONS) & capabilities.claims)


@dataclasses.dataclass(frozen=True, slots=True)
class Invariant:
    """One law, with all that a runner needs to know about it."""

    id: str
    sentence: str
    clause: str
    check: Law
    nulls: tuple[str, ...]
    """The wrong answers that an example must be able to tell from a right one."""
    kind: str = ATTENTION
    """The kind of function that the law is about."""
    also: tuple[str, ...] = ()
    """Further clauses that the law checks."""
    since: int = 1
    needs: frozenset[str] = frozenset()
    families: tuple[str, ...] = EVERY_FAMILY
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    without: frozenset[str] = frozenset()
    """Options that the law cannot have."""
    any_of: frozenset[str] = frozenset()
    """Options of which a case must have one, as far as they are claimed."""
    applies: Applies = always
    provisional: bool = False

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every clause that the law checks."""
        return (self.clause, *self.also)

    def scope(self, capabilities: Capabilities) -> Capabilities:
        """Return the capabilities within which this law draws its cases."""
        return capabilities.replace(claims=capabilities.claims - self.without)


INVARIANTS: dict[str, Invariant] = {}
"""The invariants by id, in the order in which they run."""


def invariant(
    id: str,  # noqa: A002 - the field's name, and keyword-free at every use
    clause: str,
    *,
    nulls: tuple[str, ...],
    needs: tuple[str, ...] = (),
    families: tuple[str, ...] = EVERY_FAMILY,
    fields: Mapping[str, tuple[Any, ...]] | None = None,
    without: tuple[str, ...] = (),
    any_of: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    applies: Applies = always,
) -> Callable[[Law], Law]:
    """Register a law of attention; its docstring's first line is its sentence."""

    def enter(check: Law) -> Law:
        register(
            Invariant(
                id=id,
                sentence=first_line(check),
                clause=clause,
                check=check,
                nulls=nulls,
                also=also,
                needs=frozenset(needs),
                families=families,
                fields=dict(fields or {}),
                without=frozenset(without),
                any_of=frozenset(any_of),
                applies=applies,
            )
        )
        return check

    return enter


def first_line(check: Callable[..., object]) -> str:
    """Return the sentence of a law."""
    return (check.__doc__ or "").strip().splitlines()[0]


def register(law: Invariant) -> None:
    """Enter a law; an id is used once."""
    if law.id in INVARIANTS:
        msg = f"invariant: the id {law.id!r} is used twice"
        raise InvalidArgument(msg)
    INVARIANTS[law.id] = law


def find(id: str) -> Invariant:  # noqa: A002 - as above
    """Return the invariant with this id."""
    if id not in INVARIANTS:
        msg = f"invariant: no such id {id!r}; see 'attnspec invariants'"
        raise UnknownName(msg)
    return INVARIANTS[id]


__all__ = [
    "ATTENTION",
    "EVERY_FAMILY",
    "INVARIANTS",
    "Applies",
    "AttentionBench",
    "Invariant",
    "Law",
    "always",
    "empties_rows",
    "find",
    "first_line",
    "has_choices",
    "has_options",
    "hides_keys",
    "invariant",
    "register",
]
