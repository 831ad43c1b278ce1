"""What is drawn for attention over a cache, and what may be claimed of it."""

from __future__ import annotations

from attnspec.judge.case import EVERY_OPERAND
from attnspec.judge.claims import Claim
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import Work
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._budget import budget, work

SEVERAL = ((2, 1), (0, 3, 1), (7, 2, 12), (5, 0))
"""Several sequences, no two of them of one length."""

STORED = ((1,), (2, 1), (7, 2, 12), (16, 3))
"""Every sequence has tokens before."""

KEYLESS = ((0, 2), (3, 0, 1))
"""A sequence has no tokens."""

CACHES = ("key_cache", "value_cache")

STRIDED = (
    *(((EVERY_OPERAND, layout),) for layout in ("transposed", "sliced", "offset")),
    # Heads before tokens in memory, or the heads of keys and of values in turn.
    *(
        tuple((cache, layout) for cache in CACHES)
        for layout in ("transposed", "sliced")
    ),
    *((("value_cache", layout),) for layout in ("transposed", "sliced")),
)
"""Layouts of arrays that are not dense, or do not begin where others do."""

_LONG, _LARGE = 33, 64
"""Longer sequences, and larger widths, are drawn with one key head, and few tokens."""

_SMALLEST_TURN = 4
"""The least width of which a part can turn."""

Steps = tuple[tuple[str, int], ...]
"""What a history does after its first call, and with how many tokens."""


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe whose fields fit each other, and fewer heads where it is large.

    Nothing turns without new tokens: what a query is turned by is their place.
    """
    if not recipe["new"]:
        recipe = recipe.replace(rotary=None)
    if recipe["rotary"] is None:
        recipe = recipe.replace(interleaved=None, angles="near")
    elif recipe["width"] < _SMALLEST_TURN:
        recipe = recipe.replace(width=_SMALLEST_TURN)
    if recipe["left_pad"] and not any(recipe["lengths"]):
        recipe = recipe.replace(left_pad=False)
    if max(recipe["lengths"]) > _LONG or recipe["width"] > _LARGE:
        recipe = recipe.replace(key_heads=1, new=min(recipe["new"], 5))
    return recipe


def _with_tokens(recipe: Recipe) -> Recipe:
    """Return the recipe with a token in every sequence."""
    return recipe.replace(lengths=tuple(max(1, n) for n in recipe["lengths"]))


def _of_one_length(recipe: Recipe) -> Recipe:
    """Return the recipe whose sequences are all as long as the longest."""
    longest = max(recipe["lengths"])
    return recipe.replace(lengths=tuple(longest for _ in recipe["lengths"]))


def _single(recipe: Recipe) -> Steps:
    """Return the steps of a recipe, each with one new token at most."""
    return tuple(
        (word, min(number, 1) if word == "append" else number)
        for word, number in recipe["steps"]
    )


def _unasked(recipe: Recipe) -> Steps:
    """Return the steps of a recipe without those that bring no tokens and only ask."""
    return tuple(step for step in recipe["steps"] if step[0] != "attend")


def _counted(word: str, said: str) -> Claim:
    """Return the claim that lengths always say something else."""
    return Claim(
        said,
        used=lambda recipe: recipe["lengths_are"] == word,
        dropped=lambda recipe: recipe.replace(lengths_are="before"),
        forced=lambda recipe: recipe.replace(lengths_are=word),
    )


def longest(recipe: Recipe) -> int:
    """Return how many tokens a sequence has after all steps, at most."""
    steps = sum(number for word, number in recipe["steps"] if word == "append")
    return int(max(recipe["lengths"]) + recipe["new"] + steps)


def _work(recipe: Recipe) -> Work:
    """Return the work of a call."""
    queries, keys = recipe["new"] or recipe["queries"], longest(recipe)
    count = len(recipe["lengths"])
    pairs = [(queries, keys)] * count
    return work(recipe, pairs, count * (keys + recipe["room"]))


TABLE = Table(
    fields={
        # Of each sequence: how many tokens it has before the call.
        "lengths": (
            *((1,), *SEVERAL, *KEYLESS, (0,), (0, 0), (16, 3)),
            *((63, 1), (64, 65, 2), (33, 8)),
        ),
        "new": (1, 2, 0, 5, 17),
        # Where there are new tokens there are as many queries.
        "queries": (1, 2, 5),
        "room": (1, 0, 6, 30),
        "slots": (None, "own", "reversed", "sparse"),
        "left_pad": (False, True),
        "rotary": (None, "whole", "part"),
        "interleaved": (None, True, False),
        "angles": ("near", "random", "far"),
        "lengths_are": ("before", "after", "last"),
        "steps": ((),),
        **sequences.FIELDS,
        "key_heads": (1, 2),
        "group": (1, 5, 4, 8),
        "width": (4, 1, 8, 64, 128, 256),
        "value_width": (None, 1, 5, 128),
        "layouts": ((), *STRIDED),
    },
    claims={
        **sequences.CLAIMS,
        "new_tokens": Claim(
            "new keys and values, put into the caches",
            used=lambda recipe: recipe["new"] > 0,
            dropped=lambda recipe: recipe.replace(new=0, steps=()),
        ),
        "several_new": Claim(
            "several new tokens of each sequence at once",
            used=lambda r: r["new"] > 1 or r["steps"] != _single(r),
            dropped=lambda r: r.replace(new=min(r["new"], 1), steps=_single(r)),
        ),
        "nothing_new": Claim(
            "calls without new tokens",
            used=lambda r: r["new"] == 0 or r["steps"] != _unasked(r),
            dropped=lambda r: r.replace(new=max(r["new"], 1), steps=_unasked(r)),
        ),
        "unequal_lengths": Claim(
            "sequences of several lengths",
            used=lambda recipe: len({*recipe["lengths"]}) > 1,
            dropped=_of_one_length,
        ),
        "empty_cache": Claim(
            "a sequence without tokens before",
            used=lambda recipe: 0 in recipe["lengths"],
            dropped=_with_tokens,
        ),
        "no_keys": Claim(
            "a sequence without tokens, and no new ones",
            used=lambda recipe: 0 in recipe["lengths"] and not recipe["new"],
            dropped=_with_tokens,
        ),
        "slots": Claim("sequences that are anywhere in the cache", "slots"),
        "left_pad": Claim("padding before the tokens of a sequence", "left_pad"),
        "rotary": Claim("queries and new keys turned by tables", "rotary"),
        "partial_rotary": Claim(
            "that only the first entries of a vector turn",
            used=lambda recipe: recipe["rotary"] == "part",
            dropped=lambda recipe: recipe.replace(rotary="whole"),
        ),
        "int64": Claim("lengths and slots of 64 bits", "index"),
        "interleaved": Claim("which entries turn together, said", "interleaved"),
        "lengths_after": _counted("after", "lengths that count the new tokens, too"),
        "lengths_last": _counted(
            "last", "lengths that are the place of the last new token"
        ),
    },
    mend=_mended,
    switches=(*sequences.SWITCHES, "left_pad", "rotary"),
    budget=budget(_work),
    steps=("steps",),
)


__all__ = ["CACHES", "KEYLESS", "SEVERAL", "STORED", "STRIDED", "TABLE", "longest"]
