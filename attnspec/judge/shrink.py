"""Shrinking a recipe that fails, so that a person can read it.

Smallest shapes and fewest options first, then the data. Recipes are small and
their domains ordered, so a greedy descent is enough, works on kernels that crash,
and takes the same path every time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from attnspec.kinds.attention.recipe import AttentionRecipe

R = TypeVar("R", bound=Hashable)
"""Recipes of any kind."""
_SIZES = ("batch", "keys", "queries", "width", "value_width")

_BEYOND_A_TILE = frozenset({9, 17, 33, 65, 129})
"""Lengths where the faults of tiles live on when a smaller one hides them."""

_SIMPLER: dict[str, tuple[object, ...]] = {
    "mask": ("all", "padding", "holes"),
    "mask_axes": ("111S", "11LS"),
    "bias": ("normal",),
    "bias_axes": ("111S", "11LS"),
    "bias_dtype": ("same",),
    "sink": ("normal",),
    "softcap": (1.0,),
    "scale": (1.0, 0.5),
    "hidden": ("same",),
    "scores": ("uniform", "integers", "normal"),
    "values": ("one_hot", "integers", "normal"),
}


def shrink(
    recipe: R,
    fails: Callable[[R], bool],
    candidates: Callable[[R], Iterable[R]],
    weight: Callable[[R], tuple[int, ...]],
    *,
    attempts: int = 200,
    seconds: float = 20.0,
) -> R:
    """Return the smallest recipe that still fails, found by greedy descent.

    Parameters
    ----------
    recipe
        A recipe that fails.
    fails
        Whether a recipe fails in the same way.
    candidates
        Recipes that may be simpler than one, the boldest first.
    weight
        How hard a recipe is to read.
    attempts, seconds
        When to stop.
    """
    end = time.monotonic() + seconds
    tried = {recipe}
    progress = True
    while progress:
        progress = False
        for smaller in candidates(recipe):
            if smaller in tried or weight(smaller) >= weight(recipe):
                continue
            if len(tried) > attempts or time.monotonic() > end:
                return recipe
            tried.add(smaller)
            if fails(smaller):
                recipe = smaller
                progress = True
                break
    return recipe


def weight(recipe: AttentionRecipe) -> tuple[int, ...]:
    """Return what makes a recipe hard to read: options, then sizes, then data."""
    options = len(recipe.options)
    sizes = sum(getattr(recipe, name) for name in (*_SIZES, "query_heads", "key_heads"))
    rank = 0
    for name, values in _SIMPLER.items():
        value = getattr(recipe, name)
        rank += values.index(value) if value in values else len(values)
    return 4 * options + len(recipe.layouts), sizes, rank + _reach(recipe)


def _reach(recipe: AttentionRecipe) -> int:
    return sum(
        min(20, side) if side is not None else 21 for side in recipe.window or ()
    )


def candidates(recipe: AttentionRecipe) -> Iterator[AttentionRecipe]:
    """Yield simpler recipes, the boldest first."""
    yield recipe.replace(layouts=())
    yield from _with_fewer_options(recipe)
    yield from _smaller(recipe)
    for name, values in _SIMPLER.items():
        if getattr(recipe, name) is not None:
            yield from (recipe.replace(**{name: value}) for value in values)


def _with_fewer_options(recipe: AttentionRecipe) -> Iterator[AttentionRecipe]:
    for option in recipe.options:
        yield recipe.without(option)
    if recipe.window is not None:
        for window in ((0, 0), (1, 1), (0, None), (1, None), (None, 0)):
            yield recipe.replace(window=window)


def _smaller(recipe: AttentionRecipe) -> Iterator[AttentionRecipe]:
    group = recipe.query_heads // max(1, recipe.key_heads)
    heads = ((1, 1), (2, 1), (2, 2), (group, 1), (4, 2), (3 * 2, 2))
    yield from (recipe.replace(query_heads=q, key_heads=k) for q, k in heads)
    yield recipe.replace(keys=recipe.queries)
    yield recipe.replace(queries=recipe.keys)
    for name in _SIZES:
        size = getattr(recipe, name)
        steps = {1, 2, size // 2, size * 3 // 4, size - 2, size - 1}
        for smaller in sorted(steps | _BEYOND_A_TILE):
            if 0 < smaller < size:
                yield recipe.replace(**{name: smaller})


__all__ = ["candidates", "shrink", "weight"]
