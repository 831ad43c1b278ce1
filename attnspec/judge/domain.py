"""What the recipes of a law are drawn from: families within a scope."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import COMPILED, Capabilities
from attnspec.judge.family import Family
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.tiers import reaches, tier_named

_CHOSEN = 3
"""How many switches may be on beside those that a law needs."""


def _turn(step: int, name: str, count: int) -> int:
    """Return which of so many values a field has in a step: any, but always that."""
    digest = hashlib.blake2b(f"{step}/{name}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) % count


@dataclasses.dataclass(frozen=True, slots=True)
class Domain:
    """What recipes are drawn from: a scope, and the wishes of one law.

    Parameters
    ----------
    kind, table
        The kind whose recipes are drawn, and its table.
    capabilities
        What may be made use of.
    dtype, tier, seed
        The format, how much is looked at, and where the data come from.
    families
        The families to draw from; none named means every one that is drawn.
    pins
        The families whose recipes are all tried outright.
    needs
        The claims that each recipe makes use of.
    any_of
        Switches of which one must be on, as far as they are claimed.
    fields
        What is drawn for some fields in place of the table's own values.
    """

    kind: str
    table: Table
    capabilities: Capabilities
    dtype: str = "float32"
    tier: str = "standard"
    seed: int = 0
    families: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject unknown families and tiers, and needs out of scope."""
        known = self.table.named_families
        if unknown := [f for f in self.families + self.pins if f not in known]:
            msg = f"families: expected {', '.join(known)}; got {unknown[0]!r}"
            raise UnknownName(msg)
        tier_named(self.tier)
        if not self.capabilities.allows(self.needs):
            missing = ", ".join(self.capabilities.missing(self.needs)) or "exclusive"
            msg = f"needs: {missing} is not claimed"
            raise InvalidArgument(msg)

    def usable(self) -> tuple[Family, ...]:
        """Return the families that can be drawn: their needs are claimed."""
        return tuple(
            family
            for family in self.table.families
            if not family.outright
            and (not self.families or family.name in self.families)
            and self._reached(family)
        )

    def _reached(self, family: Family) -> bool:
        """Return whether a family can be looked at in this scope and tier."""
        needs = family.needs | self.needs
        return self.capabilities.allows(needs) and reaches(self.tier, family.tier)

    def values(self, family: Family) -> dict[str, tuple[Any, ...]]:
        """Return what each field may be in a family, within what is claimed."""
        known = {**self.table.fields, **family.fields, **self.fields}
        return {name: self._claimed(name, values) for name, values in known.items()}

    def _claimed(self, name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if name in self.table.switches:
            # Whether it is on is chosen apart; here is what it then is.
            return tuple(v for v in values if v != self.table.plain[name])
        claim = self.table.needs.get(name)
        if claim is None or claim in self.capabilities.claims:
            return values
        return (self.table.plain[name],)

    def option_sets(self, family: Family) -> tuple[tuple[str, ...], ...]:
        """Return the sets of switches that may be on, the fewest first."""
        switches = self.table.switches
        wanted = tuple(o for o in switches if o in self.needs | family.needs)
        rest = [
            o for o in switches if o in self.capabilities.claims and o not in wanted
        ]
        sets = itertools.chain.from_iterable(
            itertools.combinations(rest, n) for n in range(min(_CHOSEN, len(rest)) + 1)
        )
        allowed = tuple(
            wanted + chosen
            for chosen in sets
            if self.capabilities.allows({*wanted, *chosen, *self.needs})
        )
        asked = tuple(chosen for chosen in allowed if self.any_of & set(chosen))
        return asked or allowed

    def recipe(
        self,
        family: Family,
        drawn: Mapping[str, Any],
        variant: int = 0,
        kept: Mapping[str, Any] | None = None,
    ) -> Recipe:
        """Return the recipe within scope that is nearest to what was drawn.

        One that would take too long is cut, except in the fields that are kept.
        """
        fields = dict(drawn)
        options = fields.pop("options", ())
        for name in self.table.switches:
            if name not in options:
                fields.pop(name, None)
        within = functools.partial(
            self.table.within,
            capabilities=self.capabilities,
            keep=self.needs | family.needs,
        )
        recipe = within(self.table.recipe(self.kind, self.dtype, **fields))
        budget, few = self.table.budget, self.table.few
        if family.outright:
            pass
        elif few is not None and COMPILED in self.capabilities:
            recipe = within(few(recipe))
        elif budget is not None:
            kept = self._unchanged(recipe, kept or {})
            recipe = budget.fitted(recipe, self.tier, kept, within)
        recipe = recipe.replace(family=family.name)
        return recipe.replace(seed=self._data_seed(recipe, variant))

    def _unchanged(self, recipe: Recipe, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sizes to keep that a recipe has: its scope may change some."""
        table, spread = self.table, self.table.spread(kept)
        same = {
            n for n in dict(recipe.fields).keys() & spread if recipe[n] == spread[n]
        }
        for names in map(set, table.together.values()):
            # Where not any two numbers fit each other, both are kept or none.
            same -= set() if names <= same | {*table.sizes} else names
        return {n: spread[n] for n in same}

    def _data_seed(self, recipe: Recipe, variant: int) -> int:
        """Return the seed of the bulk data: a hash of all that was drawn."""
        text = json.dumps([self.seed, variant, recipe.to_json()])
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())

    def pinned(self) -> Iterator[Recipe]:
        """Yield the recipes that every run tries outright.

        They fix some fields. The others have any of their values, so that most
        pairs of values come together.
        """
        count = itertools.count()
        for family in self.usable():
            values, sets = self.values(family), self.option_sets(family)
            for fixed in (*family.pinned, *self._enumerated(family, values)):
                least = {*fixed.get("options", ()), *self.needs, *family.needs}
                options = self._pinned_options(least, sets)
                if options is None:
                    continue
                step = next(count)
                filled = {n: v[_turn(step, n, len(v))] for n, v in values.items()}
                drawn = {**filled, **self._allowed(fixed), "options": options}
                yield self.recipe(family, drawn, step, fixed)

    def outright(self) -> Iterator[Recipe]:
        """Yield the recipes that every run tries, on every seed, and none of them cut.

        What they do not fix has its first value. One that this scope makes the same
        as another, or too large for the tier, is left out.
        """
        budget, seen = self.table.budget, set()
        known = self.table.named_families
        for family in filter(self._reached, map(known.__getitem__, self.pins)):
            values, sets = self.values(family), self.option_sets(family)
            for step, fixed in enumerate(family.pinned):
                least = {*fixed.get("options", ()), *self.needs, *family.needs}
                options = self._pinned_options(least, sets)
                if options is None:
                    continue
                filled = {name: several[0] for name, several in values.items()}
                sizes = {n: v for n, v in fixed.items() if n in self.table.measures}
                drawn = {**filled, **self._allowed(fixed), **sizes, "options": options}
                recipe = self.recipe(family, drawn, step)
                same = recipe.replace(seed=0)
                if same not in seen and (
                    budget is None
                    or budget.seconds(recipe) <= budget.outright[self.tier]
                ):
                    yield recipe
                seen.add(same)

    def _allowed(self, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fixed fields that have a value which the law draws too."""
        mine = self.fields
        return {n: v for n, v in fixed.items() if v in mine.get(n, (v,))}

    def _enumerated(
        self, family: Family, values: Mapping[str, tuple[Any, ...]]
    ) -> Iterator[Mapping[str, Any]]:
        """Yield every value of every field, if the family wants that."""
        if family.enumerated:
            for name, several in values.items():
                yield from ({name: value} for value in several)

    def _pinned_options(
        self, least: set[str], sets: tuple[tuple[str, ...], ...]
    ) -> tuple[str, ...] | None:
        """Return the switches of a pinned recipe with what is needed, if allowed."""
        switches = self.table.switches
        for options in (least, least | set(sets[0])):
            chosen = tuple(o for o in switches if o in options)
            if chosen in sets or set(chosen) in map(set, sets):
                return chosen
        return None

    def fit(self, recipe: Recipe) -> Recipe:
        """Return the nearest recipe that the law can be asked of.

        Raises
        ------
        InvalidArgument
            If it lacks an option that the law needs, or loses it by what else it has.
        """
        table = self.table
        self._check_needs(recipe)
        recipe = table.within(recipe, self.capabilities, self.needs)
        loose = {*table.switches, *table.sizes, *table.steps, *table.together}
        kept = {
            name: values[0]
            for name, values in self.fields.items()
            if name not in loose and recipe[name] not in values
        }
        recipe = recipe.replace(**kept)
        # What the law would rather have may not be claimed.
        recipe = table.within(recipe, self.capabilities, self.needs) if kept else recipe
        self._check_needs(recipe)
        return recipe

    def _check_needs(self, recipe: Recipe) -> None:
        """Reject a recipe in which a switch is off that the law needs."""
        if self.needs & set(self.table.switches) - set(self.table.on(recipe)):
            msg = "recipe: it lacks an option that the law needs"
            raise InvalidArgument(msg)


__all__ = ["Domain"]
