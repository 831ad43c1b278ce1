"""Deviations: claimed things that are known to fail."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.manner import USUAL
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
        A recipe whose case has these traits. It is put before the invariants in every
        run, in every format that is judged and in which it has the traits: the
        deviation covers those in which it fails. If it passes the first of them
        that is in scope, the deviation is stale.
    further
        More such cases, for invariants that the pinned one cannot break: one about
        two heads has none to compare in a case of one head. The calls that it
        leads to must have the traits.
    link
        Where it is documented or reported.
    expires
        The day after which it no longer counts.
    face, arrays, device
        How the function is called where it fails so: it says nothing of one that is
        called otherwise. Empty is any.
    """

    id: str
    invariants: tuple[str, ...]
    reason: str
    when: Condition
    pinned: Recipe
    further: tuple[Recipe, ...] = ()
    link: str = ""
    expires: dt.date | None = None
    face: str = ""
    arrays: str = ""
    device: str = ""

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
        for recipe in self.cases:
            if recipe.kind != kind.name:
                msg = f"{where}: the pinned case is of {recipe.kind}, not {kind.name}"
                raise InvalidArgument(msg)
        facts = kind.traits(kind.case(self.pinned))
        for name in self.when:
            if name not in facts:
                msg = f"{where}: unknown trait {name!r}; known: {', '.join(facts)}"
                raise UnknownName(msg)
        if not holds(self.when, facts):
            msg = f"{where}: the pinned case does not have the traits of 'when'"
            raise InvalidArgument(msg)

    def check_scope(self, kind: Kind, capabilities: Capabilities) -> None:
        """Reject a pinned case that a function with these capabilities never gets.

        Raises
        ------
        InvalidArgument
            If it makes use of what is not claimed, or is in no claimed format.
        """
        where = f"deviation {self.id!r}: its pinned case is out of scope"
        if reason := kind.table.beyond(self.pinned, capabilities):
            msg = f"{where}: {reason}"
            raise InvalidArgument(msg)
        if not any(self.is_about(dtype, kind) for dtype in capabilities.dtypes):
            listed = ", ".join(capabilities.dtypes)
            msg = f"{where}: it has the traits of 'when' in no claimed dtype ({listed})"
            raise InvalidArgument(msg)

    @property
    def cases(self) -> tuple[Recipe, ...]:
        """The pinned case and the further ones."""
        return (self.pinned, *self.further)

    def is_about(self, dtype: str, kind: Kind) -> bool:
        """Return whether the pinned case has the traits in a format."""
        recipe = self.pinned.replace(dtype=dtype)
        return holds(self.when, kind.traits(kind.case(recipe)))

    def is_of(self, manner: Mapping[str, str]) -> bool:
        """Return whether it says something of functions that are called so."""
        said = {name: getattr(self, name) for name in USUAL}
        return all(
            value in ("", manner.get(name, USUAL[name])) for name, value in said.items()
        )

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
