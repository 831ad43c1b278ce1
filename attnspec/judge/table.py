"""A table: what may be drawn for each field of a kind, and what may be claimed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attnspec.exceptions import UnknownName
from attnspec.judge.recipe import Recipe


@dataclasses.dataclass(frozen=True, init=False)
class Claim:
    """A capability: what is claimed, and the fields that make use of it.

    Without the claim these fields keep their first value.
    """

    sentence: str
    fields: tuple[str, ...]

    def __init__(self, sentence: str, *fields: str) -> None:
        """Say what is claimed, and name the fields."""
        object.__setattr__(self, "sentence", sentence)
        object.__setattr__(self, "fields", fields)


@dataclasses.dataclass(frozen=True)
class Table:
    """What may be drawn for each field of a kind, the simplest value first.

    Parameters
    ----------
    fields
        For each field its values. The first is the default.
    claims
        For each capability what is claimed.
    mend
        Makes a recipe whose fields do not fit each other one whose fields do.
    """

    fields: Mapping[str, tuple[Any, ...]]
    claims: Mapping[str, Claim] = dataclasses.field(default_factory=dict)
    mend: Callable[[Recipe], Recipe] = lambda recipe: recipe

    @property
    def needs(self) -> dict[str, str]:
        """For each field that is an option, the claim without which it is plain."""
        return {f: name for name, claim in self.claims.items() for f in claim.fields}

    def recipe(self, kind: str, dtype: str, **fields: Any) -> Recipe:
        """Return a recipe: fields that are not named have their first value."""
        values = {name: fields.get(name, v[0]) for name, v in self.fields.items()}
        if unknown := sorted(set(fields) - set(values)):
            msg = f"recipe: {kind} has no field {unknown[0]!r}"
            raise UnknownName(msg)
        return self.mend(Recipe(kind, tuple(values.items()), dtype))

    def within(self, recipe: Recipe, claims: frozenset[str]) -> Recipe:
        """Return the nearest recipe within what is claimed."""
        plain = {
            name: self.fields[name][0]
            for name, claim in self.needs.items()
            if claim not in claims
        }
        return self.mend(recipe.replace(**plain))

    def rank(self, recipe: Recipe) -> int:
        """Return how far a recipe is from the simplest one."""
        return sum(self._place(name, value) for name, value in recipe.fields)

    def simpler(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yield recipes with one field simpler, the simplest first."""
        for name, value in recipe.fields:
            for simple in self.fields[name][: self._place(name, value)]:
                yield self.mend(recipe.replace(**{name: simple}))

    def _place(self, name: str, value: Any) -> int:
        values = self.fields[name]
        return values.index(value) if value in values else len(values)


__all__ = ["Claim", "Table"]
