"""A function that is compiled for each shape is asked with few of them."""

from __future__ import annotations

import pytest
from hypothesis import given

from attnspec.judge.claims import COMPILED
from attnspec.judge.recipe import Recipe
from attnspec.judge.strategies import recipes_within
from attnspec.kinds.attention.few_shapes import one_of_few
from attnspec.kinds.attention.kind import ATTENTION
from tests.judge._attention import ALL, domain, recipes

FEW = ALL.claiming([COMPILED])
LENGTHS = ("queries", "keys")
SIZES = (
    *("batch", "query_heads", "key_heads", "queries", "keys", "width"),
    "value_width",
)


def _sizes(recipe: Recipe) -> tuple[int, ...]:
    return tuple(recipe[name] for name in SIZES)


def test_few_shapes_are_tried_outright_and_many_without_the_claim() -> None:
    shapes = {_sizes(recipe) for recipe in domain(FEW).pinned()}
    usual = {_sizes(recipe) for recipe in domain().pinned()}

    assert len(shapes) < 30
    assert len(usual) > 100


@given(recipe=recipes())
def test_the_sizes_of_any_recipe_become_some_of_few(recipe: Recipe) -> None:
    few = one_of_few(recipe)

    assert one_of_few(few) == few
    assert (few["queries"] > few["keys"]) == (recipe["queries"] > recipe["keys"])
    pairs = (("query_heads", "key_heads"), ("width", "value_width"), LENGTHS)
    for one, other in pairs:
        assert (few[one] == few[other]) == (recipe[one] == recipe[other])


@given(recipe=recipes_within(domain(FEW)))
def test_what_is_drawn_is_within_what_is_claimed(recipe: Recipe) -> None:
    assert not ATTENTION.table.beyond(recipe, FEW)


@pytest.mark.parametrize("without", ["unequal_lengths", "grouped_query", "value_width"])
def test_what_is_not_claimed_is_not_drawn(without: str) -> None:
    scope = FEW.claiming(without=[without])
    for recipe in domain(scope).pinned():
        assert not ATTENTION.table.beyond(recipe, scope)
