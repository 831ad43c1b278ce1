"""Shrinking a recipe that fails, so that a person can read it.

Smallest shapes and fewest options first, then the data. Recipes are small and
their domains ordered, so a greedy descent is enough, works on kernels that crash,
and takes the same path every time: no clock ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attnspec.judge.recipe import Recipe


def shrink(
    recipe: Recipe,
    fails: Callable[[Recipe], bool],
    candidates: Callable[[Recipe], Iterable[Recipe]],
    weight: Callable[[Recipe], tuple[int, ...]],
    *,
    attempts: int,
    cost: Callable[[Recipe], float] = lambda _recipe: 0.0,
    budget: float = 0.0,
) -> Recipe:
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
    attempts
        After how many recipes to stop.
    cost, budget
        How long a recipe takes, estimated, and how much all of them may take.
    """
    tried, spent = {recipe}, 0.0
    progress = True
    while progress:
        progress = False
        for smaller in candidates(recipe):
            if smaller in tried or weight(smaller) >= weight(recipe):
                continue
            if len(tried) > attempts or spent > budget:
                return recipe
            tried.add(smaller)
            spent += cost(smaller)
            if fails(smaller):
                recipe = smaller
                progress = True
                break
    return recipe


__all__ = ["shrink"]
