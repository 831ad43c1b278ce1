"""How long a call of many sequences takes, estimated, and how a larger one is cut."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from attnspec.judge.family import Budget
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.budget import BUDGET, Work, seconds
from attnspec.kinds.serving import _sequences as sequences


def work(recipe: Recipe, pairs: Iterable[tuple[int, int]], slots: int) -> Work:
    """Return the work of a call: attention of each sequence, and what is in memory.

    Parameters
    ----------
    recipe
        Its heads and widths.
    pairs
        How many queries and keys each sequence has, as the arrays have them.
    slots
        For how many keys of a head there is room.
    """
    lengths = tuple(pairs)
    heads = recipe["key_heads"] * recipe["group"]
    rows = heads * sum(queries for queries, _ in lengths)
    scores = heads * sum(queries * keys for queries, keys in lengths)
    both = sum(sequences.widths(recipe))
    elements = (rows + recipe["key_heads"] * slots) * both
    key_heads = len(lengths) * recipe["key_heads"]
    return Work(key_heads, rows, scores, scores * both, elements)


def _halved(size: int, least: int) -> int:
    """Return half of a size that is larger than the least one."""
    return min(size, max(least, size // 2))


_CUTS: tuple[Callable[[Recipe], Recipe], ...] = (
    lambda r: r.replace(group=_halved(r["group"], 1)),
    lambda r: r.replace(width=_halved(r["width"], 4)),
    lambda r: r.replace(value_width=r["value_width"] and _halved(r["value_width"], 4)),
    lambda r: r.replace(key_heads=1),
)


def _cut(recipe: Recipe) -> Recipe:
    """Return the recipe with every cut."""
    for cut in _CUTS:
        recipe = cut(recipe)
    return recipe


def budget(of_call: Callable[[Recipe], Work]) -> Budget:
    """Return the budget of a kind whose calls have this much work.

    Lengths, and what else tells where things lie, are never cut.
    """
    return dataclasses.replace(
        BUDGET,
        seconds=lambda recipe: seconds(of_call(recipe)),
        cuts=_CUTS,
        last=_cut,
    )


__all__ = ["budget", "work"]
