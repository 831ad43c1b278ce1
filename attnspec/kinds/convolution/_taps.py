"""Where taps lie, what they and a sequence hold, and what reaches too far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.kinds.recurrence._sequences import wide

PLACES = {
    "half": lambda size: size // 2,
    "same": lambda size: (size - 1) // 2,
    "causal": lambda size: size - 1,
}
"""How many taps lie before the own step where nothing is said."""


def numbers(recipe: Recipe, label: str, shape: tuple[int, ...]) -> Array:
    """Return vectors or a kernel."""
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        # Small enough for float16 to hold every sum of products.
        "integers": lambda: integers(recipe.seed, label, shape, -4, 4) * 1.0,
        "normal": lambda: normals(recipe.seed, label, shape),
    }
    return cast(kinds[recipe["data"]](), recipe)


def everything_seen(operand: str) -> Null:
    """Return the answer in which a little of every step reaches every other."""

    def seen(case: Case, right: Right) -> Array:
        """Let a little of every step reach every other."""
        # A power of two: whole numbers stay whole multiples of it.
        return right(case) + wide(case[operand]).sum() / 1024.0

    return seen


__all__ = ["PLACES", "everything_seen", "numbers"]
