"""Deviations: claimed things that are known to fail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.kind import Kind
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import Kinds, law_named, read_recipe
from attnspec.judge.traits import Condition, holds


def _text(found: Any) -> bool:
    return isinstance(found, str)


def _texts(found: Any) -> bool:
    return isinstance(found, list) and all(map(_text, found))


_FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "id": (_text, "a text"),
    "reason": (_text, "a text"),
    "link": (_text, "a text"),
    "invariants": (_texts, "a list of ids"),
    "when": (lambda found: isinstance(found, dict), "a table"),
    "expires": (lambda found: type(found) is dt.date, "a day, without a time"),
}
"""What an entry of a file must hold."""


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


def load_deviations(path: Path, kinds: Kinds) -> tuple[Deviation, ...]:
    """Read deviations from a TOML file, each a table ``[[deviation]]``.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, or an entry is none.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"deviations: {path} cannot be read ({error.strerror})"
        raise InvalidArgument(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"deviations: {path} is no TOML ({error})"
        raise InvalidArgument(msg) from error
    if unknown := sorted(set(data) - {"deviation"}):
        msg = f"deviations: {path}: unknown key {unknown[0]!r}"
        raise UnknownName(msg)
    entries = data.get("deviation", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        msg = f"deviations: {path}: 'deviation': expected tables [[deviation]]"
        raise InvalidArgument(msg)
    return tuple(_deviation(entry, path, kinds) for entry in entries)


def _deviation(entry: dict[str, Any], path: Path, kinds: Kinds) -> Deviation:
    fields = {field.name for field in dataclasses.fields(Deviation)}
    if unknown := sorted(set(entry) - fields):
        msg = f"deviations: {path}: unknown key {unknown[0]!r}"
        raise UnknownName(msg)
    required = {"id", "invariants", "reason", "when", "pinned"}
    if missing := sorted(required - set(entry)):
        msg = f"deviations: {path}: {missing[0]!r} is missing"
        raise InvalidArgument(msg)
    where = f"deviations: {path}: {entry['id']!r}"
    for name, (right, text) in _FORMS.items():
        if name in entry and not right(entry[name]):
            msg = f"{where}: {name!r}: expected {text}; got {entry[name]!r}"
            raise InvalidArgument(msg)
    laws = tuple(entry["invariants"])
    if not laws:
        msg = f"{where}: invariants: expected at least one id, got none"
        raise InvalidArgument(msg)
    kind = kinds[law_named(laws[0], kinds).kind]
    pinned = read_recipe(entry["pinned"], f"{where}: 'pinned'", kinds, kind.name)
    deviation = Deviation(**{**entry, "invariants": laws, "pinned": pinned})
    deviation.check(kind)
    return deviation


__all__ = ["Deviation", "load_deviations"]
