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


def budget(of_call: Callable[[Recipe], Work]) -> Budget:
    """Return the budget of a kind whose calls have this much work.

    Lengths, and what else tells where things lie, are never cut.
    """
    return dataclasses.replace(
        BUDGET,
        seconds=lambda recipe: seconds(of_call(recipe)),
        cuts=(
            lambda r: r.replace(group=max(1, r["group"] // 2)),
            lambda r: r.replace(width=max(4, r["width"] // 2)),
            lambda r: r.replace(
                value_width=r["value_width"] and max(4, r["value_width"] // 2)
            ),
            lambda r: r.replace(key_heads=1),
        ),
        last=lambda r: r,
    )


__all__ = ["budget", "work"]
