"""A table: what may be drawn for each field of a kind, and what may be claimed.

The values of a field are ordered, the simplest first. The same order drives
drawing, enumeration and shrinking.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attnspec.exceptions import UnknownName
from attnspec.judge.claims import Capabilities, Claim
from attnspec.judge.family import PLAIN, Budget, Family
from attnspec.judge.recipe import Recipe

_BEYOND_A_TILE = frozenset({9, 17, 33, 65, 129, 2**16})
"""Lengths where the faults of tiles, and of 16 bits, live on when a smaller one hides
them."""

_OTHER_SEEDS = (1, 2, 3)
"""Data that are tried where those of a failing case need a larger size."""

_FIXED_POINT = 4
"""How often claims and multiples are fitted in turn: mending one may break another."""


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """What may be drawn for each field of a kind, the simplest value first.

    Parameters
    ----------
    fields
        For each field its values. The first is the default.
    claims
        The capabilities that can be claimed, by name.
    mend
        Makes a recipe whose fields do not fit each other one whose fields do.
    families
        The named ways of drawing recipes.
    switches
        Fields that are off (their first value) unless they are chosen: at most
        three beside those that a law needs.
    together
        Fields that are drawn as one: for each name in `fields` the fields that
        its values are spread over.
    sizes
        Fields of which any whole number makes a case, so that they shrink to any.
    steps
        Fields that are tuples of steps, each a tuple with whole numbers in it: they
        shrink by steps that are left out, and by smaller numbers.
    simple
        For each field whose values are not in the order of simplicity, the order in
        which a smaller case is looked for.
    budget
        How large a case may be; no limit if there is none.
    few
        Makes the sizes of a recipe one of few, for a function that claims to be
        compiled for each.
    """

    fields: Mapping[str, tuple[Any, ...]]
    claims: Mapping[str, Claim] = dataclasses.field(default_factory=dict)
    mend: Callable[[Recipe], Recipe] = lambda recipe: recipe
    families: tuple[Family, ...] = (PLAIN,)
    switches: tuple[str, ...] = ()
    together: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    simple: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    budget: Budget | None = None
    few: Callable[[Recipe], Recipe] | None = None

    @functools.cached_property
    def plain(self) -> dict[str, Any]:
        """Every field of a recipe with its first value."""
        return self.spread({name: values[0] for name, values in self.fields.items()})

    @functools.cached_property
    def needs(self) -> dict[str, str]:
        """For each field that is an option, the claim without which it is plain."""
        return {f: name for name, claim in self.claims.items() for f in claim.fields}

    @property
    def named_families(self) -> dict[str, Family]:
        """The families by name."""
        return {family.name: family for family in self.families}

    def spread(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a recipe of what was drawn for them, one or several.

        A field that is named by itself counts more than what is drawn together.
        """
        parts: dict[str, Any] = {}
        for name, names in self.together.items():
            if name in drawn:
                parts |= zip(names, drawn[name], strict=True)
        return parts | {n: v for n, v in drawn.items() if n not in self.together}

    def recipe(self, kind: str, dtype: str, **fields: Any) -> Recipe:
        """Return a recipe: fields that are not named have their first value.

        Raises
        ------
        UnknownName
            If there is no such field.
        """
        given = self.spread(fields)
        if unknown := sorted(set(given) - set(self.plain)):
            msg = f"recipe: {kind} has no field {unknown[0]!r}"
            raise UnknownName(msg)
        return self.mend(Recipe(kind, tuple({**self.plain, **given}.items()), dtype))

    def off(self, recipe: Recipe, *names: str) -> Recipe:
        """Return the recipe with fields at their first value."""
        return recipe.replace(**{name: self.plain[name] for name in names})

    def on(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the switches that are on."""
        return tuple(n for n in self.switches if recipe[n] != self.plain[n])

    def uses(self, recipe: Recipe, name: str) -> bool:
        """Return whether a recipe makes use of a claim."""
        claim = self.claims[name]
        if claim.used is not None:
            return claim.used(recipe)
        return any(recipe[field] != self.plain[field] for field in claim.fields)

    def without(self, recipe: Recipe, name: str) -> Recipe:
        """Return the nearest recipe that makes no use of a claim."""
        claim = self.claims[name]
        if claim.dropped is not None:
            return claim.dropped(recipe)
        return self.off(recipe, *claim.fields)

    def beyond(self, recipe: Recipe, capabilities: Capabilities) -> str:
        """Return what of a recipe is not within what is claimed, in words, or nothing.

        Unlike `within` it changes nothing: it is asked of what somebody wrote.
        """
        used = {name for name in self.claims if self.uses(recipe, name)}
        # An option that is not claimed at all says more than how it is used.
        if beyond := used - capabilities.claims:
            first = min(beyond, key=lambda name: (not self.claims[name].fields, name))
            return f"{first} is not claimed"
        for name, number in capabilities.multiples.items():
            if recipe[name] % number:
                return f"{name} {recipe[name]} is no multiple of {number}"
        for name, number in capabilities.least.items():
            if recipe[name] < number:
                return f"{name} {recipe[name]} is less than {number}"
        for pair in capabilities.exclusive:
            if pair <= used:
                return f"{' and '.join(sorted(pair))} exclude each other"
        return ""

    def within(
        self,
        recipe: Recipe,
        capabilities: Capabilities,
        keep: frozenset[str] = frozenset(),
    ) -> Recipe:
        """Return the nearest recipe within what is claimed.

        What is not claimed is left out, and of an exclusive pair the one that is not
        in `keep`; sizes are raised to their least, and to multiples. A recipe within
        scope comes back unchanged, so nothing need be filtered.
        """
        for _ in range(_FIXED_POINT):
            fitted = self.mend(self._fit(self.mend(recipe), capabilities, keep))
            if fitted is recipe or fitted == recipe:
                break
            recipe = fitted
        return recipe

    def _fit(
        self, recipe: Recipe, capabilities: Capabilities, keep: frozenset[str]
    ) -> Recipe:
        recipe = self._sized(recipe, capabilities)
        for name, claim in self.claims.items():
            alone = claim.beside and not claim.beside & capabilities.claims
            claimed = name in capabilities.claims and not alone
            if not claimed and self.uses(recipe, name):
                recipe = self.without(recipe, name)
        for name, claim in self.claims.items():
            if name in capabilities.claims and claim.forced is not None:
                recipe = claim.forced(recipe)
        for pair in capabilities.exclusive:
            if all(name in self.claims and self.uses(recipe, name) for name in pair):
                recipe = self.without(recipe, max(pair - keep or pair))
        return recipe

    def _sized(self, recipe: Recipe, capabilities: Capabilities) -> Recipe:
        """Return the recipe whose sizes are large enough, and multiples."""
        least, multiples = capabilities.least, capabilities.multiples
        sizes = {
            name: max(recipe[name], least.get(name, recipe[name]))
            for name in {**least, **multiples}
        }
        return recipe.replace(
            **{
                n: -(-size // multiples.get(n, 1)) * multiples.get(n, 1)
                for n, size in sizes.items()
            }
        )

    def weight(self, recipe: Recipe) -> tuple[int, ...]:
        """Return how hard a recipe is to read: options, then sizes, then the rest."""
        switches = len(self.on(recipe))
        sizes = sum(recipe[name] for name in self.numbers)
        steps = [step for name in self.steps for step in recipe[name]]
        sizes += sum(n for step in steps for n in step if type(n) is int and n > 0)
        ordered = {n for n, _ in recipe.fields} - self.numbers - {*self.steps}
        # A switch is more to read than a layout, whatever the sizes are.
        layouts = len(dict(recipe.fields).get("layouts", ()))
        ranks = sum(self._place(name, recipe[name]) for name in ordered)
        return 4 * switches + layouts + len(steps), sizes, ranks

    @functools.cached_property
    def numbers(self) -> frozenset[str]:
        """The fields that are read as numbers: sizes, and what is drawn with them."""
        return frozenset(self.sizes).union(*self.together.values())

    @functools.cached_property
    def measures(self) -> frozenset[str]:
        """The fields that say how large a case is, drawn together or each alone."""
        return self.numbers | set(self.together)

    def _simple(self, name: str) -> tuple[Any, ...]:
        return self.simple.get(name, self.fields.get(name, ()))

    def _place(self, name: str, value: Any) -> int:
        values = self._simple(name)
        return values.index(value) if value in values else len(values)

    def simpler(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yield recipes that are simpler in one way, the boldest first."""
        if dict(recipe.fields).get("layouts"):
            yield recipe.replace(layouts=())
        for name in self.on(recipe):
            yield self.off(recipe, name)
        yield from self._simpler_together(recipe)
        for name in self.steps:
            fewer = _fewer(recipe[name])
            yield from (self.mend(recipe.replace(**{name: each})) for each in fewer)
        for name in self.sizes:
            yield from (recipe.replace(**{name: n}) for n in _smaller(recipe[name]))
        yield from self._simpler_values(recipe)
        # What one row of many shows, a single row may show with other data.
        for name, seed in itertools.product(self.sizes, _OTHER_SEEDS):
            if recipe[name] > 1:
                yield recipe.replace(**{name: 1}, seed=seed)

    def _simpler_values(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yield recipes of which one field has a simpler one of its values."""
        fixed = self.numbers | {*self.steps}
        for name, value in recipe.fields:
            is_off = name in self.switches and value == self.plain[name]
            if name not in fixed and not is_off:
                for simple in self._simple(name)[: self._place(name, value)]:
                    yield self.mend(recipe.replace(**{name: simple}))

    def _simpler_together(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yield recipes whose sizes that belong together are smaller, or all equal."""
        for name, names in self.together.items():
            for values in self._simple(name):
                yield recipe.replace(**dict(zip(names, values, strict=True)))
            if set(names) <= set(self.sizes):
                for each in names:
                    yield recipe.replace(**dict.fromkeys(names, recipe[each]))


def _fewer(steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield steps of which some are left out, or one has a smaller number.

    Many are left out first, then one alone.
    """
    count = len(steps)
    while count := count // 2:
        for start in range(0, len(steps), count):
            yield (*steps[:start], *steps[start + count :])
    for at, step in enumerate(steps):
        for place, number in enumerate(step):
            for n in _smaller(number) if type(number) is int else ():
                less = (*step[:place], n, *step[place + 1 :])
                yield (*steps[:at], less, *steps[at + 1 :])


def _smaller(size: int) -> list[int]:
    """Return smaller sizes, the smallest first."""
    steps = {1, 2, size // 2, size * 3 // 4, size - 2, size - 1} | _BEYOND_A_TILE
    return [n for n in sorted(steps) if 0 < n < size]


__all__ = ["Table"]
