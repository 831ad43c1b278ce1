"""Deviations: claimed things that are known to fail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.case import Case
from attnspec.judge.law import ATTENTION
from attnspec.judge.recipe import Recipe
from attnspec.judge.told import told
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.recipe import AttentionRecipe
from attnspec.kinds.attention.traits import holds, traits
from attnspec.kinds.registry import INVARIANTS, KINDS


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
    when: Mapping[str, Any]
    pinned: AttentionRecipe | Recipe
    link: str = ""
    expires: dt.date | None = None

    def __post_init__(self) -> None:
        """Reject ids and traits that do not exist, and a pinned case outside them."""
        where = f"deviation {self.id!r}"
        if not self.invariants:
            msg = f"{where}: invariants: expected at least one id, got none"
            raise InvalidArgument(msg)
        for name in self.invariants:
            if name not in INVARIANTS:
                msg = f"{where}: no invariant has the id {name!r}"
                raise UnknownName(msg)
        kind = _kind_of(self.pinned)
        for name in self.invariants:
            if INVARIANTS[name].kind != kind:
                msg = f"{where}: the pinned case is of {kind}, and {name!r} is not"
                raise InvalidArgument(msg)
        facts = _facts_of(self.pinned)
        for name in self.when:
            if name not in facts:
                msg = f"{where}: unknown trait {name!r}; known: {', '.join(facts)}"
                raise UnknownName(msg)
        if not holds(self.when, facts):
            msg = f"{where}: the pinned case does not have the traits of 'when'"
            raise InvalidArgument(msg)

    def covers(self, invariant: str, cases: Iterable[AttentionCase | Case]) -> bool:
        """Return whether a failure of this invariant on these cases is this deviation.

        A law calls the kernel with several cases; one of them must have the traits.
        """
        return invariant in self.invariants and any(
            holds(self.when, _facts_of(case)) for case in cases
        )

    def expired(self, today: dt.date) -> bool:
        """Return whether the deviation no longer counts."""
        return self.expires is not None and today > self.expires


def _kind_of(recipe: AttentionRecipe | Recipe) -> str:
    """Return what kind of function a recipe is for."""
    return recipe.kind if isinstance(recipe, Recipe) else ATTENTION


def _facts_of(made: AttentionRecipe | Recipe | AttentionCase | Case) -> dict[str, Any]:
    """Return what a condition is about: traits, or the fields of a kind."""
    if isinstance(made, Case):
        return _facts_of(made["recipe"])
    if isinstance(made, Recipe):
        return {"dtype": made.dtype, **dict(made.fields)}
    return traits(build(made) if isinstance(made, AttentionRecipe) else made)


def load_deviations(path: Path) -> tuple[Deviation, ...]:
    """Read deviations from a TOML file, each a table ``[[deviation]]``."""
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
    return tuple(_deviation(entry, path) for entry in entries)


def _recipe_from_json(data: dict[str, Any]) -> AttentionRecipe | Recipe:
    """Return a recipe of attention, or of the kind that it names.

    What is not named of a kind has its first value, as with attention.
    """
    if "kind" not in data:
        return AttentionRecipe.from_json(data)
    if (kind := KINDS.get(str(data["kind"]))) is None:
        msg = f"recipe: there is no kind {data['kind']!r}"
        raise UnknownName(msg)
    if unknown := sorted(set(data) - {"kind", "dtype", "seed", "fields"}):
        msg = f"recipe: unknown key {unknown[0]!r}; the fields are in 'fields'"
        raise UnknownName(msg)
    given = {"dtype": kind.dtypes[0], "seed": 0, "fields": {}, **data}
    if not isinstance(given["seed"], int):
        msg = f"recipe: seed: expected a whole number; got {given['seed']!r}"
        raise InvalidArgument(msg)
    plain = dict(kind.table.recipe(kind.name, given["dtype"]).fields)
    if unknown := sorted(set(given["fields"]) - set(plain)):
        msg = f"recipe: {kind.name} has no field {unknown[0]!r}"
        raise UnknownName(msg)
    return Recipe.from_json({**given, "fields": {**plain, **given["fields"]}})


def usable_recipe(data: Any, where: str) -> AttentionRecipe | Recipe:
    """Return a recipe that somebody wrote, of which a case can be made."""
    fields = data.get("fields", {}) if isinstance(data, dict) else None
    if not isinstance(fields, dict):
        msg = f"{where}: expected a table of fields; got {data!r}"
        raise InvalidArgument(msg)
    try:
        recipe = _recipe_from_json(data)
        if isinstance(recipe, Recipe):
            KINDS[recipe.kind].build(recipe)
        else:
            build(recipe)
    except InvalidArgument:
        raise
    except Exception as error:
        msg = f"{where}: no case can be made of it ({told(error)})"
        raise InvalidArgument(msg) from error
    return recipe


def _deviation(entry: dict[str, Any], path: Path) -> Deviation:
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
    pinned = usable_recipe(entry["pinned"], f"{where}: 'pinned'")
    laws = tuple(entry["invariants"])
    return Deviation(**{**entry, "invariants": laws, "pinned": pinned})


__all__ = ["Deviation", "load_deviations", "usable_recipe"]
