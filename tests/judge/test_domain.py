from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.claims import COMPILED, Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.strategies import recipes_within
from attnspec.judge.tiers import TIERS, reaches
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.families import BOUNDARIES, TILES
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.attention.sizes import ALL_SIZES, COMPOSITE, EVERY_TILE
from attnspec.kinds.registry import KINDS
from tests.judge._attention import ALL, FAMILIES, domain, options, recipes

EQUAL = ALL.claiming(without=("unequal_lengths", "empty_keys", "empty_queries"))


def _pinned(family: str, **fields: Any) -> list[Recipe]:
    return list(domain(families=(family,), **fields).pinned())


@pytest.mark.parametrize("family", [n for n, f in FAMILIES.items() if not f.outright])
def test_every_family_can_be_drawn(family: str) -> None:
    found = hypothesis.find(recipes(families=(family,)), lambda _: True, random=None)

    assert found.family == family


@given(recipes(needs=frozenset({"causal"})))
def test_a_needed_option_is_always_there(recipe: Recipe) -> None:
    assert recipe["causal"]


@given(recipes(any_of=frozenset({"causal", "window"})))
def test_one_of_the_asked_options_is_always_there(recipe: Recipe) -> None:
    assert recipe["causal"] or recipe["window"]


@given(recipes(tier="smoke"))
def test_a_case_stays_within_the_budget_of_its_tier(recipe: Recipe) -> None:
    budget = ATTENTION.table.budget
    assert budget is not None

    assert budget.allows(recipe, "smoke")


@given(recipes(capabilities=EQUAL, tier="smoke"))
def test_where_lengths_are_equal_a_case_stays_within_its_budget(
    recipe: Recipe,
) -> None:
    budget = ATTENTION.table.budget
    assert budget is not None

    assert recipe["queries"] == recipe["keys"]
    assert budget.allows(recipe, "smoke")


def _every_family() -> list[tuple[str, str, str]]:
    return [
        (kind.name, family.name, tier)
        for kind in KINDS.values()
        for family in kind.table.families
        for tier in TIERS
        if reaches(tier, family.tier) and family.pinned
    ]


@pytest.mark.parametrize(("kind", "family", "tier"), _every_family())
def test_a_pinned_recipe_is_never_cut_and_fits_the_budget_of_its_tier(
    kind: str, family: str, tier: str
) -> None:
    table = KINDS[kind].table
    claims = frozenset(table.claims) - {COMPILED}
    scope = KINDS[kind].checked(Capabilities(claims=claims))
    known = table.named_families[family]
    asked: dict[str, Any] = {"pins" if known.outright else "families": (family,)}
    whole = Domain(kind, table, scope, tier=tier, **asked)
    recipes = list(whole.outright() if known.outright else whole.pinned())

    for fixed in map(table.spread, known.pinned):
        sizes = {name: fixed[name] for name in table.measures & set(fixed)}
        assert any(sizes.items() <= dict(r.fields).items() for r in recipes), fixed
    if (budget := table.budget) is not None:
        most = budget.outright if known.outright else budget.drawn
        assert all(budget.seconds(recipe) <= most[tier] for recipe in recipes)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("law", [law for law in ATTENTION.laws.values() if law.pins])
def test_what_a_law_tries_outright_is_tried_on_every_seed(
    law: Invariant, seed: int
) -> None:
    table = ATTENTION.table
    wished = Domain(
        "attention",
        table,
        law.scope(ALL),
        seed=seed,
        pins=law.pins,
        needs=law.needs,
        any_of=law.any_of,
        fields=law.fields,
    )
    found = list(wished.outright())

    for family in (table.named_families[name] for name in law.pins):
        mine = [recipe for recipe in found if recipe.family == family.name]
        allowed = [
            f for f in family.pinned if not law.without & {*f.get("options", ())}
        ]
        for fixed in allowed if family.tier == "standard" else ():
            spread = table.spread(fixed)
            sizes = {n: spread[n] for n in table.measures & set(spread)}
            # What a law sets for itself it keeps.
            sizes = {n: v for n, v in sizes.items() if v in law.fields.get(n, (v,))}
            chosen = {*fixed.get("options", ())}
            assert any(
                sizes.items() <= dict(recipe.fields).items()
                and chosen <= {*options(recipe)}
                for recipe in mine
            )


def test_no_family_of_sizes_is_drawn() -> None:
    assert not {f.name for f in domain().usable()} & set(ALL_SIZES)


def test_what_a_scope_makes_the_same_or_too_large_is_left_out() -> None:
    pins = ("composite-queries", "composite-keys", "many-rows", "model-widths")
    capabilities = EQUAL.claiming(without=("many_rows", "value_width"))
    found = list(domain(capabilities, pins=pins).outright())

    assert {r.family for r in found} == {"composite-keys", "model-widths"}
    widths = [(r["width"], r["value_width"]) for r in found if r["width"] > 256]
    assert widths == [(512, 512), (576, 576)]
    assert not list(domain(EQUAL, pins=("every-tile",), tier="smoke").outright())


def test_without_many_rows_none_of_them_has_more_than_16_bits_count() -> None:
    fewer = ALL.claiming(without=("many_rows",))
    for name in ("many-rows", "many-heads"):
        assert not list(domain(fewer, pins=(name,)).outright())


def test_the_lengths_of_every_tile_are_multiples_of_all_of_them() -> None:
    for tile in range(8, 257, 8):
        assert any(length % tile == 0 for length in EVERY_TILE)
    assert sum(COMPOSITE % tile == 0 for tile in range(8, 257, 8)) == 13


def test_every_boundary_of_every_tile_is_enumerated() -> None:
    lengths = {recipe["keys"] for recipe in _pinned("tile-boundaries")}

    assert set(BOUNDARIES) <= lengths
    assert {m * t + d for t in TILES for m in (1, 2) for d in (-1, 0, 1)} <= lengths


def test_every_pair_of_options_is_enumerated() -> None:
    found = {frozenset(options(recipe)) for recipe in _pinned("option-pairs")}

    pairs = {frozenset({a, b}) for a in OPTIONS for b in OPTIONS}
    assert pairs <= found


def test_every_operand_gets_every_layout() -> None:
    found = {recipe["layouts"] for recipe in _pinned("strided-operands")}

    assert {(("value", "broadcast_heads"),), (("mask", "transposed"),)} <= found
    assert {
        tuple((name, layout) for name in ("query", "key", "value"))
        for layout in ("transposed", "sliced", "offset")
    } <= found
    assert len(found) == 24


def test_group_sizes_other_than_the_number_of_key_heads_are_enumerated() -> None:
    groups = {
        (r["query_heads"] // r["key_heads"], r["key_heads"])
        for r in _pinned("grouped-heads")
    }

    assert {(3, 2), (5, 2), (7, 2)} <= groups


def test_heads_that_do_not_fit_each_other_are_not_kept() -> None:
    # Equal lengths make the examples larger, and heads are cut.
    apart = ALL.replace(exclusive=(frozenset({"causal", "unequal_lengths"}),))
    found = domain(
        capabilities=apart,
        tier="smoke",
        fields={"heads": ((6, 2), (10, 2), (14, 2), (6, 3))},
    )

    assert all(r["query_heads"] % (r["key_heads"] or 1) == 0 for r in found.pinned())


def test_the_fields_of_an_invariant_win_over_those_of_a_family() -> None:
    found = _pinned("strided-operands", fields={"layouts": ((),)})

    assert {recipe["layouts"] for recipe in found} == {()}


def test_another_seed_makes_other_data() -> None:
    one, two = (_pinned("tile-boundaries", seed=s)[0] for s in (1, 2))

    assert one.replace(seed=0) == two.replace(seed=0)
    assert (build(one).key != build(two).key).any()


def test_a_case_shrinks_to_one_that_can_be_read() -> None:
    cases = recipes().map(build)

    found = hypothesis.find(cases, lambda case: case.sizes.S >= 5)

    assert found.sizes.S <= 9
    assert not found.options
    assert found.query.size <= 9


def test_a_need_that_is_not_claimed_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="needs: sink is not claimed"):
        domain(Capabilities(), needs=frozenset({"sink"}))


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"families: expected .*; got 'odd'"):
        domain(families=("odd",))


def test_families_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="none of them can be drawn"):
        recipes_within(domain(Capabilities(), families=("empty-rows",)))


@pytest.mark.parametrize("claim", ATTENTION.table.claims)
def test_any_case_can_do_without_a_claim(claim: str) -> None:
    table = ATTENTION.table
    bare = table.without(ATTENTION.recipe(keys=3, queries=3), claim)

    assert not table.uses(bare, claim)


def test_a_recipe_that_loses_what_its_law_needs_cannot_be_asked_of_it() -> None:
    """Nothing turns where there is no new token."""
    kind = KINDS["cached"]
    law = kind.laws["cached-rotary"]
    scope = law.scope(Capabilities(claims=frozenset(kind.abilities)))
    turning = Domain(kind.name, kind.table, scope, needs=law.needs, fields=law.fields)
    recipe = kind.table.recipe("cached", "float32", rotary="whole", new=1)

    assert turning.fit(recipe)["rotary"] == "whole"
    with pytest.raises(InvalidArgument, match="lacks an option that the law needs"):
        turning.fit(recipe.replace(new=0))
