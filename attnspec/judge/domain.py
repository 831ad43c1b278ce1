"""Hypothesis strategies for recipes that are tables of fields."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table


def _turn(step: int, name: str, count: int) -> int:
    """Return which of so many values a field has in a step: any, but always that."""
    digest = hashlib.blake2b(f"{step}/{name}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) % count


@dataclasses.dataclass(frozen=True, slots=True)
class TableDomain:
    """What recipes of a kind are drawn from: a scope, and the wishes of one law."""

    kind: str
    table: Table
    claims: frozenset[str]
    dtype: str = "float32"
    seed: int = 0
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    def values(self) -> dict[str, tuple[Any, ...]]:
        """Return what each field may be, within what is claimed."""
        return {
            name: values[:1] if self._unclaimed(name) else self.fields.get(name, values)
            for name, values in self.table.fields.items()
        }

    def _unclaimed(self, name: str) -> bool:
        claim = self.table.needs.get(name)
        return claim is not None and claim not in self.claims

    def recipe(self, drawn: Mapping[str, Any], variant: int = 0) -> Recipe:
        """Return the recipe of what was drawn, with the seed of its data."""
        recipe = self.table.recipe(self.kind, self.dtype, **drawn)
        recipe = self.table.within(recipe, self.claims)
        text = json.dumps([self.seed, variant, recipe.to_json()])
        digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
        return recipe.replace(seed=int.from_bytes(digest))

    def pinned(self) -> Iterator[Recipe]:
        """Yield the recipes that every run tries: every value of every field.

        While one field runs through its values, the others have any of theirs, so
        that most pairs of values come together.
        """
        values = self.values()
        count = itertools.count()
        for name, several in values.items():
            for value in several:
                step = next(count)
                drawn = {
                    other: known[_turn(step, other, len(known))]
                    for other, known in values.items()
                }
                yield self.recipe({**drawn, name: value}, step)

    def strategy(self) -> st.SearchStrategy[Recipe]:
        """Recipes within scope, every draw valid: nothing is filtered."""
        drawn = st.fixed_dictionaries(
            {name: st.sampled_from(values) for name, values in self.values().items()}
        )
        return st.builds(self.recipe, drawn, st.integers(0, 255))


__all__ = ["TableDomain"]
