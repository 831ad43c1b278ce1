"""Hypothesis strategies for recipes and cases."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import OPTIONS, AttentionCase
from attnspec.kinds.attention.families import DEFAULTS, FAMILIES, Family
from attnspec.kinds.attention.recipe import HIDING_BIASES, AttentionRecipe

BUDGET = {"smoke": 300_000, "standard": 1_000_000, "thorough": 30_000_000}
"""The largest B * Hq * L * S * (E + Ev) of a case in each tier."""

_AXIS_FIELDS = ("mask_axes", "bias_axes")


@dataclasses.dataclass(frozen=True, slots=True)
class Domain:
    """What recipes are drawn from: a scope, and the wishes of one invariant."""

    capabilities: Capabilities
    dtype: str = "float32"
    tier: str = "standard"
    seed: int = 0
    families: tuple[str, ...] = ("plain",)
    needs: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject unknown families and tiers, and needs out of scope."""
        if unknown := [f for f in self.families if f not in FAMILIES]:
            msg = f"families: expected {', '.join(FAMILIES)}; got {unknown[0]!r}"
            raise UnknownName(msg)
        if self.tier not in BUDGET:
            msg = f"tier: expected one of {', '.join(BUDGET)}; got {self.tier!r}"
            raise UnknownName(msg)
        if not self.capabilities.allows(self.needs):
            missing = ", ".join(self.capabilities.missing(self.needs)) or "exclusive"
            msg = f"needs: {missing} is not claimed"
            raise InvalidArgument(msg)

    def usable(self) -> tuple[Family, ...]:
        """Return the families whose needs are claimed."""
        usable = [FAMILIES[name] for name in self.families]
        return tuple(
            f
            for f in usable
            if self.capabilities.allows(f.needs | self.needs)
            and (self.tier == "thorough" or not f.thorough)
        )

    def option_sets(self, family: Family) -> tuple[tuple[str, ...], ...]:
        """Return the sets of options to draw from, simplest first."""
        wanted = tuple(o for o in OPTIONS if o in self.needs | family.needs)
        claimed = [o for o in OPTIONS if o in self.capabilities.claims]
        rest = [o for o in claimed if o not in wanted]
        sets = itertools.chain.from_iterable(
            itertools.combinations(rest, n) for n in range(min(3, len(rest)) + 1)
        )
        allowed = tuple(
            wanted + chosen
            for chosen in sets
            if self.capabilities.allows({*wanted, *chosen, *self.needs})
        )
        asked = tuple(chosen for chosen in allowed if self.any_of & set(chosen))
        return asked or allowed

    def recipe(self, family: Family, drawn: Mapping[str, Any]) -> AttentionRecipe:
        """Return the recipe within scope that is nearest to what was drawn."""
        query_heads, key_heads = drawn["heads"]
        queries, keys = drawn["lengths"]
        options = drawn["options"]
        fields = {
            name: drawn[name]
            for name in DEFAULTS
            if name not in ("heads", "lengths", *OPTIONS)
        }
        fields |= {name: drawn[name] for name in OPTIONS if name in options}
        recipe = AttentionRecipe(
            family=family.name,
            dtype=self.dtype,
            query_heads=query_heads,
            key_heads=key_heads,
            queries=queries,
            keys=keys,
            **fields,
        )
        keep = self.needs | family.needs
        recipe = self.capabilities.fit(tidied(recipe), keep=keep)
        recipe = self.capabilities.fit(affordable(recipe, BUDGET[self.tier]), keep=keep)
        return recipe.replace(seed=self._data_seed(recipe, drawn.get("variant", 0)))

    def _data_seed(self, recipe: AttentionRecipe, variant: int) -> int:
        """Return the seed of the bulk data: a hash of all that was drawn."""
        text = json.dumps([self.seed, variant, recipe.replace(seed=0).to_json()])
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())

    def pinned(self) -> Iterator[AttentionRecipe]:
        """Yield the recipes that every run tries outright."""
        cycles = {
            name: itertools.cycle(values)
            for name, values in {**DEFAULTS, **self.fields}.items()
        }
        for family in self.usable():
            domain = {**DEFAULTS, **family.fields, **self.fields}
            for fields in family.pinned:
                options = self._pinned_options(family, fields.get("options", ()))
                if options is None:
                    continue
                drawn = {
                    name: next(cycles[name])
                    if domain[name] is DEFAULTS.get(name)
                    else domain[name][0]
                    for name in DEFAULTS
                }
                drawn |= {"layouts": ()} | dict(fields) | {"options": options}
                drawn |= {
                    name: next(cycles[name])
                    for name, values in self.fields.items()
                    if drawn[name] not in values
                }
                yield self.recipe(family, drawn)

    def _pinned_options(
        self, family: Family, wanted: Iterable[str]
    ) -> tuple[str, ...] | None:
        """Return the options of a pinned recipe with what is needed, if allowed."""
        sets = self.option_sets(family)
        least = {*wanted, *(self.needs | family.needs)}
        for options in (least, least | set(sets[0])):
            if any(options & set(OPTIONS) == set(allowed) for allowed in sets):
                return tuple(o for o in OPTIONS if o in options)
        return None


def tidied(recipe: AttentionRecipe) -> AttentionRecipe:
    """Return the recipe without settings that have no effect or contradict."""
    axes = {}
    for name in _AXIS_FIELDS:
        if getattr(recipe, name.removesuffix("_axes")) is None:
            axes[name] = "BHLS"
    present = {"query", "key", "value"} | {
        n for n in ("mask", "bias") if getattr(recipe, n) is not None
    }
    broadcast = ("broadcast_batch", "broadcast_heads")
    layouts = tuple(
        (operand, layout)
        for operand, layout in recipe.layouts
        if operand in present
        and layout != "contiguous"
        and not (recipe.hidden == "huge" and layout in broadcast)
    )
    hides = recipe.mask is not None or recipe.bias in HIDING_BIASES
    return recipe.replace(
        **axes,
        layouts=layouts,
        hidden=recipe.hidden if hides else "same",
        bias_dtype=recipe.bias_dtype if recipe.bias else "same",
    )


def affordable(recipe: AttentionRecipe, budget: int) -> AttentionRecipe:
    """Return the recipe with queries, heads, batch or widths cut to a budget."""
    for cut in (*_CUTS, *_CUTS, *_CUTS, *_CUTS):
        if _cost(recipe) <= budget:
            break
        smaller = cut(recipe)
        recipe = smaller if _cost(smaller) < _cost(recipe) else recipe
    return recipe


_CUTS: tuple[Callable[[AttentionRecipe], AttentionRecipe], ...] = (
    lambda r: r.replace(batch=1 if r.batch < 3 else 2),
    lambda r: r.replace(queries=max(3, r.queries // 2)),
    lambda r: r.replace(width=max(4, r.width // 2)),
    lambda r: r.replace(value_width=max(4, r.value_width // 2)),
    lambda r: r.replace(query_heads=1, key_heads=1),
)


def _cost(r: AttentionRecipe) -> int:
    return r.batch * r.query_heads * r.queries * r.keys * (r.width + r.value_width)


_VARIANTS = st.integers(0, 255)

_SQUARE = st.booleans()
"""Whether Ev is E: some systems have a kernel for that alone."""


def _choices(domain: Domain, family: Family) -> dict[str, st.SearchStrategy[Any]]:
    """Return what to draw each field from, the options first."""
    values = {**DEFAULTS, **family.fields, **domain.fields}
    options = {"options": st.sampled_from(domain.option_sets(family))}
    return options | {name: st.sampled_from(v) for name, v in values.items()}


@st.composite
def _recipes(
    draw: st.DrawFn,
    domain: Domain,
    families: dict[Family, dict[str, st.SearchStrategy[Any]]],
) -> AttentionRecipe:
    family = draw(st.sampled_from(tuple(families)))
    drawn: dict[str, Any] = {}
    for name, values in families[family].items():
        if name not in OPTIONS or name in drawn["options"]:
            drawn[name] = draw(values)
    drawn["variant"] = draw(_VARIANTS)
    if draw(_SQUARE):
        drawn["value_width"] = drawn["width"]
    return domain.recipe(family, drawn)


def recipes(domain: Domain) -> st.SearchStrategy[AttentionRecipe]:
    """Recipes within scope, every draw valid: nothing is filtered."""
    usable = domain.usable()
    if not usable:
        msg = "families: none of them can be drawn with what is claimed"
        raise InvalidArgument(msg)
    return _recipes(domain, {family: _choices(domain, family) for family in usable})


def cases(domain: Domain) -> st.SearchStrategy[AttentionCase]:
    """Cases within scope."""
    return recipes(domain).map(build)


__all__ = ["BUDGET", "Domain", "affordable", "cases", "recipes", "tidied"]
