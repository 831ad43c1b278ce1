"""Families, the named ways of drawing recipes, and how large what they draw may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.judge.recipe import Recipe


@dataclasses.dataclass(frozen=True, eq=False)
class Family:
    """A named way of drawing recipes; compared by identity.

    Parameters
    ----------
    name, sentence
        Its name, and what its cases have in common.
    fields
        What it draws for some fields in place of the table's own values.
    needs
        Claims without which there is no such case.
    pinned
        Fields of recipes that are tried outright, and that are never cut.
    enumerated
        Whether every value of every field is tried outright.
    tier
        The lowest tier that looks at it.
    outright
        Whether it is its pinned recipes and nothing else: the laws that name it in
        their `pins` try all of them on every seed, and none is drawn.
    """

    name: str
    sentence: str
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    pinned: tuple[Mapping[str, Any], ...] = ()
    enumerated: bool = False
    tier: str = "smoke"
    outright: bool = False


PLAIN = Family("plain", "anything that is claimed", enumerated=True)
"""The family of kinds that have no other."""


@dataclasses.dataclass(frozen=True, eq=False)
class Budget:
    """How long an example may take in each tier, and how to cut one that is larger.

    Parameters
    ----------
    seconds
        How long an example takes, estimated from its sizes.
    drawn, outright
        The most seconds in each tier, of an example that is drawn and of one of a
        family that is tried outright.
    cuts
        What is cut, in turn.
    last
        What is cut where fitting a recipe to its scope undoes the other cuts.
    """

    seconds: Callable[[Recipe], float]
    drawn: Mapping[str, float]
    outright: Mapping[str, float]
    cuts: tuple[Callable[[Recipe], Recipe], ...]
    last: Callable[[Recipe], Recipe]

    def allows(self, recipe: Recipe, tier: str) -> bool:
        """Return whether an example may be drawn in a tier."""
        return self.seconds(recipe) <= self.drawn[tier]

    def fitted(
        self,
        recipe: Recipe,
        tier: str,
        kept: Mapping[str, Any],
        within: Callable[[Recipe], Recipe],
    ) -> Recipe:
        """Return the recipe with sizes cut, but the kept ones, until it is allowed.

        `within` fits a recipe to its scope, which may undo a cut.
        """
        if self.allows(recipe, tier):
            return recipe
        recipe = within(self._cut(recipe, tier, kept))
        while not self.allows(recipe, tier):
            shorter = within(self.last(recipe).replace(**kept))
            if self.seconds(shorter) >= self.seconds(recipe):
                break
            recipe = shorter
        return recipe

    def _cut(self, recipe: Recipe, tier: str, kept: Mapping[str, Any]) -> Recipe:
        """Return the recipe with sizes cut in turn, whatever its scope is."""
        for cut in self.cuts * 4:
            if self.allows(recipe, tier):
                break
            smaller = cut(recipe).replace(**kept)
            is_smaller = self.seconds(smaller) < self.seconds(recipe)
            recipe = smaller if is_smaller else recipe
        return recipe


__all__ = ["PLAIN", "Budget", "Family"]
