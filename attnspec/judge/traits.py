"""What can be said of a case in one word: traits, and conditions on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnspec.judge.case import Case
from attnspec.judge.recipe import Recipe

Condition = Mapping[str, Any]
"""Traits and the value, or list of values, that each must have."""


def holds(condition: Condition, facts: Mapping[str, Any]) -> bool:
    """Return whether facts have every value, or one of every list, of a condition.

    Examples
    --------
    >>> holds({"causal": True, "keys": [1, 2]}, {"causal": True, "keys": 2})
    True
    """
    return all(
        name in facts
        and facts[name] in (wanted if isinstance(wanted, list | tuple) else (wanted,))
        for name, wanted in condition.items()
    )


def whole_fields(case: Case) -> dict[str, int]:
    """Return the sizes of the recipe that a case was made from, if it was."""
    recipe: Recipe | None = case["recipe"]
    fields = recipe.fields if recipe else ()
    return {name: value for name, value in fields if type(value) is int}


def fields_as_traits(case: Case) -> dict[str, Any]:
    """Return the fields of the recipe that a case was made from, if it was."""
    recipe: Recipe | None = case["recipe"]
    return {"dtype": recipe.dtype, **dict(recipe.fields)} if recipe else {}


__all__ = ["Condition", "fields_as_traits", "holds", "whole_fields"]
