"""How the recipes, models and choices of a kind are said to a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.judge.recipe import Recipe
from attnspec.numerics import NumericModel
from attnspec.numerics.operations import operations_in_words


def _fields_in_words(recipe: Recipe) -> str:
    """Return the fields of a recipe that say something, and its format."""
    said = []
    for name, value in recipe.fields:
        if name == "layouts":
            said += [f"operands {layout}" for _, layout in value]
        elif value is not None:
            said.append(f"{name} {value}")
    return ", ".join([*said, recipe.dtype])


@dataclasses.dataclass(frozen=True)
class Words:
    """How the recipes, models and choices of a kind are said to a person.

    Parameters
    ----------
    case, model
        What a recipe makes, and what a numeric model allows, in a few words.
    choices
        For each field of the dialect its words, where they are not its name.
    formula
        Lines of NumPy that make ``expected_NAME`` for each result of a case, under a
        dialect, of its arguments by name; for a script that shows a fault.
    bare_case
        What a recipe makes, where its options are said otherwise.
    """

    case: Callable[[Recipe], str] = _fields_in_words
    model: Callable[[NumericModel], str] = operations_in_words
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    formula: Callable[[Any, Mapping[str, str]], str] | None = None
    bare_case: Callable[[Recipe], str] = _fields_in_words


__all__ = ["Words"]
