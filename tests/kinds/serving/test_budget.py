"""Calls of many sequences are cut in heads and widths, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.kind import Kind
from attnspec.judge.recipe import Recipe
from attnspec.kinds.registry import KINDS

BUDGETED: Mapping[str, Kind] = {
    name: KINDS[name]
    for name in (
        *("varlen", "padded", "paged", "cached"),
        *("varlen-gradient", "padded-gradient"),
    )
}
CUT = ("group", "width", "value_width", "key_heads")


def _domain(kind: Kind, tier: str) -> Domain:
    claims = frozenset(kind.abilities)
    return Domain(kind.name, kind.table, Capabilities(claims=claims), tier=tier)


def _seconds(kind: Kind, recipe: Recipe) -> float:
    assert kind.table.budget is not None
    return kind.table.budget.seconds(recipe)


@pytest.mark.parametrize("name", BUDGETED)
@pytest.mark.parametrize("tier", ["smoke", "standard"])
def test_a_recipe_over_the_budget_has_nothing_left_to_cut(name: str, tier: str) -> None:
    kind = BUDGETED[name]
    budget = kind.table.budget
    assert budget is not None
    whole = _domain(kind, tier)
    (family,) = whole.usable()
    values = whole.values(family)

    drawn = {field: several[-1] for field, several in values.items()}
    recipe = whole.recipe(family, {**drawn, "options": ()})

    assert recipe["lengths"] == kind.table.recipe(name, "float32", **drawn)["lengths"]
    assert budget.allows(recipe, tier) or all(
        _seconds(kind, cut(recipe)) >= _seconds(kind, recipe) for cut in budget.cuts
    )


@pytest.mark.parametrize("name", BUDGETED)
@pytest.mark.parametrize("field", CUT)
def test_what_a_pinned_recipe_fixes_is_not_cut(name: str, field: str) -> None:
    whole = _domain(BUDGETED[name], "smoke")
    (family,) = whole.usable()
    values = whole.values(family).items()
    large = {n: v[-1] for n, v in values if n not in whole.table.switches}

    for value in whole.values(family)[field]:
        drawn = {**large, field: value}
        mended = whole.table.recipe(name, "float32", **drawn)
        recipe = whole.recipe(family, {**drawn, "options": ()}, kept={field: value})
        assert recipe[field] == mended[field]
