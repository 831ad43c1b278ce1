"""What cutting vectors into heads and joining them share: no number changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case, cast
from attnspec.judge.kind import Judge, Kind, Null
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.usage import Usage

_FIELDS = {
    "batch": (1, 2, 3),
    "length": (1, 2, 3, 5, 17),
    "heads": (2, 1, 3, 4, 7),
    "width": (2, 1, 3, 4, 8),
    "data": ("integers", "places"),
}


def numbers(recipe: Recipe, shape: tuple[int, ...]) -> Array:
    """Return whole numbers that every format can hold: any, or each one's place."""
    if recipe["data"] == "integers":
        # bfloat16 holds whole numbers up to 256, float16 up to 2048.
        return cast(integers(recipe.seed, "x", shape, -99, 99) * 1.0, recipe)
    return cast(np.arange(np.prod(shape)).reshape(shape) % 128 * 1.0, recipe)


def sizes(recipe: Recipe) -> tuple[int, int, int, int]:
    """Return the numbers of elements, places, heads, and entries of a head."""
    batch, length, heads, width = (
        int(recipe[name]) for name in ("batch", "length", "heads", "width")
    )
    return batch, length, heads, width


def _unswapped(case: Case, _right: Right) -> Array:
    """Cut the array, and exchange no axes."""
    return np.asarray(case["x"]).reshape(case.results[0][1])


def _first(case: Case, right: Right) -> Array:
    """Answer every vector with what becomes of the first."""
    output = right(case)
    place = np.s_[:, :, :1] if output.ndim == 4 else np.s_[:, :1]
    return np.broadcast_to(output[place], output.shape)


def layout_kind(
    name: str,
    sentence: str,
    law: str,
    *,
    build: Callable[[Recipe], Case],
    judge: Judge,
    definition: Callable[..., Array],
    usage: Usage,
    interleaved: Null,
) -> Kind:
    """Return a kind with its first law: what is moved where, bit by bit."""
    wrong = {"unswapped": _unswapped, "interleaved": interleaved, "first": _first}
    kind = Kind(
        name=name,
        sentence=sentence,
        table=Table(fields=_FIELDS),
        build=build,
        judge=judge,
        definition=definition,
        usage=usage,
        simplest={"length": 3, "width": 4},
        nulls=wrong,
    )
    kind.agreement_law("heads.layout", law, nulls=("zeros", *wrong))
    return kind


__all__ = ["layout_kind", "numbers", "sizes"]
