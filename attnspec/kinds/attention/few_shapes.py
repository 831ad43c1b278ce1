"""Few shapes for many examples: what is compiled for each is compiled seldom.

Data and options are drawn as everywhere. Only the sizes are each the nearest of a few,
and the axes of masks and biases: whether heads share keys, whether the widths differ,
and which of the lengths is the greater one stays as it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from attnspec.judge.recipe import Recipe

Lengths = tuple[int, int]

_NAMES = ("mask_axes", "bias_axes")

_TAILS: Sequence[Lengths] = (
    *((5, 5), (33, 33), (3, 17), (3, 64), (3, 65), (3, 127), (3, 128), (3, 129)),
    *((2, 1025), (7, 4), (65, 5)),
)
"""Numbers of queries and keys: a tile of any power of two lacks one, ends, or has one
over."""

_PLAIN: Sequence[Lengths] = ((5, 5), (3, 17), (7, 4))
"""Those of examples in which something else is unusual."""

_AXES: Mapping[str, str] = {
    "B1LS": "11LS",
    "LS": "11LS",
    "HLS": "1HLS",
    "B1L1": "BHL1",
    "1S": "S",
}
"""The axes of masks and biases that others stand for."""


def one_of_few(recipe: Recipe) -> Recipe:
    """Return the recipe whose sizes are the nearest of a few; none at all stays none.

    Examples
    --------
    >>> from attnspec.kinds.attention.table import TABLE
    >>> drawn = TABLE.recipe("attention", "float32", queries=4, keys=120, width=3)
    >>> few = one_of_few(drawn)
    >>> few["queries"], few["keys"], few["width"]
    (3, 127, 8)
    """
    if not all(recipe[name] for name in ("batch", "queries", "keys")):
        return recipe
    grouped = recipe["query_heads"] != recipe["key_heads"]
    wider = recipe["width"] != recipe["value_width"]
    longer = recipe["queries"] > recipe["keys"]
    axes = {name: _axes(recipe[name], longer=longer) for name in _NAMES}
    unusual = grouped or wider or {*axes.values()} != {"BHLS"}
    queries, keys = _nearest(recipe, _PLAIN if unusual else _TAILS)
    return recipe.replace(
        **axes,
        batch=2,
        query_heads=6 if grouped else 2,
        key_heads=2,
        queries=queries,
        keys=keys,
        width=8,
        value_width=16 if wider else 8,
    )


def _axes(axes: str, *, longer: bool) -> str:
    """Return the axes that stand for some; for those of more queries than keys, two."""
    found = _AXES.get(axes, axes)
    return "111S" if longer and found != "BHLS" else found


def _nearest(recipe: Recipe, known: Sequence[Lengths]) -> Lengths:
    """Return the nearest lengths of which the same is the greater one."""
    mine = recipe["queries"], recipe["keys"]
    alike = [each for each in known if _order(each) == _order(mine)]
    return min(alike, key=lambda each: _distance(each, mine))


def _order(lengths: Lengths) -> int:
    return (lengths[0] > lengths[1]) - (lengths[0] < lengths[1])


def _distance(one: Lengths, other: Lengths) -> float:
    """Return how far two pairs of lengths are apart; the keys count more."""
    queries, keys = (abs(math.log(a / b)) for a, b in zip(one, other, strict=True))
    return queries + 4 * keys


__all__ = ["one_of_few"]
