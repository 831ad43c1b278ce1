"""Deviations: claimed things that are known to fail."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.kind import Kind
from attnspec.judge.recipe import Recipe
from attnspec.judge.traits import Condition, holds


@dataclasses.dataclass(frozen=True, slots=True)
class Deviation:
    """A claimed thing that is known to fail, no wider than its condition.

    Parameters
    ----------
    id
        A name for it.
    invariants
        The ids of the invariants that fail.
    reason
        What happens, and why it is not simply fixed.
    when
        Traits that a case must have for its failure to be this one.
    pinned
        A recipe whose case has these traits and fails the first of the
        invariants, as long as the deviation is real; if it passes, the
        deviation is stale.
    link
        Where it is documented or reported.
    expires
        The day after which it no longer counts.
    """

    id: str
    invariants: tuple[str, ...]
    reason: str
    when: Condition
    pinned: Recipe
    link: str = ""
    expires: dt.date | None = None

    def check(self, kind: Kind) -> None:
        """Reject ids and traits that do not exist, and a pinned case outside them.

        Raises
        ------
        InvalidArgument
            If a function of this kind cannot deviate in this way.
        """
        where = f"deviation {self.id!r}"
        if not self.invariants:
            msg = f"{where}: invariants: expected at least one id, got none"
            raise InvalidArgument(msg)
        for name in self.invariants:
            if name not in kind.laws:
                msg = f"{where}: no invariant of {kind.name} has the id {name!r}"
                raise UnknownName(msg)
        if self.pinned.kind != kind.name:
            msg = f"{where}: the pinned case is of {self.pinned.kind}, not {kind.name}"
            raise InvalidArgument(msg)
        facts = kind.traits(kind.case(self.pinned))
        for name in self.when:
            if name not in facts:
                msg = f"{where}: unknown trait {name!r}; known: {', '.join(facts)}"
                raise UnknownName(msg)
        if not holds(self.when, facts):
            msg = f"{where}: the pinned case does not have the traits of 'when'"
            raise InvalidArgument(msg)

    def covers(self, invariant: str, facts: Iterable[Mapping[str, Any]]) -> bool:
        """Return whether a failure of this invariant is this deviation.

        `facts` are the traits of the cases that the law called the function with;
        one of them must have the traits that are named.
        """
        return invariant in self.invariants and any(
            holds(self.when, each) for each in facts
        )

    def expired(self, today: dt.date) -> bool:
        """Return whether the deviation no longer counts."""
        return self.expires is not None and today > self.expires


__all__ = ["Deviation"]
