from __future__ import annotations

import json

import pytest
from hypothesis import given

from attnspec.exceptions import InvalidArgument
from attnspec.judge.claims import CLAIMS, Capabilities
from attnspec.kinds.attention.drawing import Domain, recipes
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.attention.recipe import AttentionRecipe

ALL = Capabilities(claims=frozenset(CLAIMS))


@given(recipes(Domain(ALL, families=tuple(FAMILIES))))
def test_a_recipe_survives_json(recipe: AttentionRecipe) -> None:
    text = json.dumps(recipe.to_json())

    assert AttentionRecipe.from_json(json.loads(text)) == recipe


def test_recipes_are_equal_and_hash_by_value() -> None:
    assert {AttentionRecipe(keys=2)} == {AttentionRecipe(keys=2)}


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
        AttentionRecipe(**fields)  # type: ignore[arg-type]


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="recipe: unknown field 'colour'"):
        AttentionRecipe.from_json({"colour": 1})
