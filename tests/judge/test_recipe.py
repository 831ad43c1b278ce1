from __future__ import annotations

import json

import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import read_recipe, written
from attnspec.judge.words import Words
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.positions.rope import ROPE
from tests.judge._attention import recipes

KINDS = {"attention": ATTENTION}


@given(recipes())
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    text = json.dumps(written(recipe, ATTENTION))

    assert read_recipe(json.loads(text), "recipe", KINDS) == recipe


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_zero_is_said_and_keeps_its_sign(zero: float) -> None:
    recipe = ATTENTION.recipe(scale=1.0).replace(scale=-zero).replace(scale=zero)
    again = read_recipe(
        json.loads(json.dumps(written(recipe, ATTENTION))), "recipe", KINDS
    )

    assert repr(again["scale"]) == repr(zero)
    assert f", scale {zero!r}, " in ATTENTION.words.case(again)


def test_what_a_recipe_of_a_kind_holds_is_said_zero_and_false_as_well() -> None:
    recipe = Recipe("x", (("a", 0), ("b", 0.0), ("c", -0.0), ("d", False), ("e", None)))

    assert Words().case(recipe) == "a 0, b 0.0, c -0.0, d False, float32"


def test_recipes_are_equal_and_hash_by_value() -> None:
    assert {ATTENTION.recipe(keys=2)} == {ATTENTION.recipe(keys=2)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mask": "wholes"}, "mask: expected one of .*; got 'wholes'"),
        ({"keys": -1}, "keys: expected at least 0, got -1"),
        ({"dtype": "float8"}, "dtype: expected one of .*; got 'float8'"),
        (
            {"query_heads": 3, "key_heads": 2},
            r"query_heads: expected a multiple of key_heads \(2\), got 3",
        ),
    ],
)
def test_an_impossible_recipe_is_refused(
    fields: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        build(ATTENTION.recipe(**fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields", [{"queries": 100_000, "keys": 100_000, "mask": "holes"}, {"keys": 2**40}]
)
def test_a_case_far_beyond_any_that_is_drawn_is_not_made(
    fields: dict[str, object],
) -> None:
    with pytest.raises(InvalidArgument, match="more than 16 times as large as any"):
        read_recipe({"fields": fields}, "pinned", KINDS, "attention")


def test_a_number_far_beyond_any_that_is_drawn_is_not_read() -> None:
    with pytest.raises(InvalidArgument, match="length: expected a number up to"):
        read_recipe({"fields": {"length": 2**40}}, "pinned", {"rope": ROPE}, "rope")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="attention has no field 'colour'"):
        ATTENTION.recipe(colour=1)
