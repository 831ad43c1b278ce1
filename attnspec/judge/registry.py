"""Names that people write, looked up among the kinds that the machine is handed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe, same
from attnspec.judge.told import told
from attnspec.judge.written import check_values

_BEYOND = 16
"""How many times larger than the largest case that is drawn one may be that is read."""

_AT_LEAST = 4096
"""A number in a recipe that is read in any case."""

Kinds = Mapping[str, Kind]
"""Kinds by name."""


def kind_named(name: str, kinds: Kinds) -> Kind:
    """Return a kind by name.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if name not in tuple(kinds):  # What has no hash is no kind either.
        close = difflib.get_close_matches(str(name), kinds, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        msg = f"kind: expected one that 'attnspec kinds' lists; got {name!r}{hint}"
        raise UnknownName(msg)
    return kinds[name]


def law_named(id: str, kinds: Kinds) -> Invariant:  # noqa: A002 - the field's name
    """Return the invariant with this id.

    Raises
    ------
    UnknownName
        If there is no such invariant.
    """
    for kind in kinds.values():
        if id in kind.laws:
            return kind.laws[id]
    msg = f"invariant: no such id {id!r}; see 'attnspec invariants'"
    raise UnknownName(msg)


def written(recipe: Recipe, kind: Kind) -> dict[str, Any]:
    """Return a recipe as JSON, without the fields that have their first value."""
    plain = kind.table.plain
    fields = {name: v for name, v in recipe.fields if not same(v, plain[name])}
    return {**recipe.to_json(), "fields": fields}


def read_recipe(data: Any, where: str, kinds: Kinds, default: str = "") -> Recipe:
    """Return a recipe that somebody wrote, of which a case can be made.

    Parameters
    ----------
    data
        What `written` returns; ``kind``, ``dtype``, ``seed``, ``family`` and every
        field may be left out.
    where
        What an error message begins with.
    kinds
        The kinds that there are.
    default
        The kind of a recipe that names none.

    Raises
    ------
    InvalidArgument
        If it is none, or no case can be made of it.
    """
    fields = data.get("fields", {}) if isinstance(data, dict) else None
    if not isinstance(fields, dict):
        msg = f"{where}: expected a table of fields; got {data!r}"
        raise InvalidArgument(msg)
    try:
        kind = kind_named(str(data.get("kind", default)), kinds)
        recipe = _recipe(data, kind)
        check_values(recipe, kind)
        _sized(recipe, kind)
        kind.case(recipe)
    except InvalidArgument as error:
        msg = f"{where}: {error}"
        raise type(error)(msg) from error
    except Exception as error:
        msg = f"{where}: no case can be made of it ({told(error)})"
        raise InvalidArgument(msg) from error
    return recipe


def _recipe(data: dict[str, Any], kind: Kind) -> Recipe:
    known = {"kind", "dtype", "seed", "family", "fields"}
    if unknown := sorted(set(data) - known):
        msg = f"recipe: unknown key {unknown[0]!r}; the fields are in 'fields'"
        raise UnknownName(msg)
    given = {"dtype": kind.dtypes[0], "seed": 0, "family": "plain", **data}
    if type(given["seed"]) is not int:
        msg = f"recipe: seed: expected a whole number; got {given['seed']!r}"
        raise InvalidArgument(msg)
    fields = {name: _hashable(v) for name, v in data.get("fields", {}).items()}
    # As it was written: mending belongs to drawing.
    recipe = kind.recipe(given["dtype"], **fields).replace(**fields)
    return recipe.replace(seed=given["seed"], family=str(given["family"]))


def _sized(recipe: Recipe, kind: Kind) -> None:
    """Reject a case far beyond any that is drawn: to make it would take for ever."""
    budget = kind.table.budget
    if budget is not None:
        most = max(budget.drawn["thorough"], budget.outright["thorough"])
        if budget.seconds(recipe) > _BEYOND * most:
            msg = f"fields: the case is more than {_BEYOND} times as large as any drawn"
            raise InvalidArgument(msg)
        return
    size = largest = 1
    for name, value in recipe.fields:
        if type(value) is not int:
            continue
        listed = [n for n in kind.table.fields.get(name, ()) if type(n) is int]
        most = max(_BEYOND * max(listed, default=0), _AT_LEAST)
        if abs(value) > most:
            msg = f"{name}: expected a number up to {most}; got {value}"
            raise InvalidArgument(msg)
        size, largest = size * max(1, abs(value)), largest * max([1, *listed])
    if size > max(_BEYOND * largest, _AT_LEAST):
        msg = f"fields: the case is more than {_BEYOND} times as large as any drawn"
        raise InvalidArgument(msg)


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


__all__ = ["Kinds", "kind_named", "law_named", "read_recipe", "written"]
