"""Costs of a band that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._positions import distances


def _counted(queries: int, keys: int, left: int, right: int) -> Array:
    """Count from the ends of each window."""
    at = np.arange(queries) + keys - queries
    last, first = np.minimum(at + right, keys - 1), np.maximum(at - left, 0)
    return np.maximum(last - first + 1, 0)


def _looped(queries: int, keys: int, left: int, right: int) -> Array:
    """Count pair by pair."""
    at = [i + keys - queries for i in range(queries)]
    return np.array([sum(p - left <= j <= p + right for j in range(keys)) for p in at])


def _upper_left(queries: int, keys: int, left: int, right: int) -> Array:
    distance = distances(queries, keys, upper_left=True)
    return ((-left <= distance) & (distance <= right)).sum(-1)


def _in_tiles(queries: int, keys: int, left: int, right: int) -> Array:
    """Round up to whole tiles of four keys."""
    # Rounded up; a window of whole tiles is counted right.
    return -(-_counted(queries, keys, left, right) // 4) * 4


def _one_sided(queries: int, keys: int, left: int, right: int) -> Array:
    distance = distances(queries, keys)
    return ((-left <= distance) & (distance < max(right, 1))).sum(-1)


ROGUES: tuple[Rogue, ...] = (
    kind_rogue(
        "band-cost",
        "band-cost-upper-left",
        "window",
        "It declares the lower right and counts from the upper left.",
        _upper_left,
        caught_by="band-cost-agreement",
    ),
    kind_rogue(
        "band-cost",
        "band-cost-in-tiles",
        "window",
        "It counts whole tiles of four keys.",
        _in_tiles,
        caught_by="band-cost-most",
    ),
    kind_rogue(
        "band-cost",
        "band-cost-whole",
        "window",
        "All scores are computed, and most of them are hidden.",
        lambda n, m, *_: np.full(n, m),
        caught_by="band-cost-linear",
    ),
    kind_rogue(
        "band-cost",
        "band-cost-one-sided",
        "window",
        "The last key on the right is forgotten.",
        _one_sided,
        caught_by="band-cost-mirror",
    ),
    kind_rogue(
        "band-cost",
        "band-cost-growing",
        "window",
        "A window at the right border counts as many keys as one before it.",
        lambda n, m, left, right: np.maximum.accumulate(_counted(n, m, left, right)),
        caught_by="band-cost-mirror",
    ),
)
"""Costs that are wrong."""

CONTROLS: tuple[Control, ...] = (
    kind_control(
        "band-cost", "band-cost-ends", "It subtracts the ends of a window.", _counted
    ),
    kind_control("band-cost", "band-cost-pairs", "It counts pair by pair.", _looped),
    kind_control(
        "band-cost",
        "band-cost-from-the-upper-left",
        "Queries stand in the upper left.",
        _upper_left,
        dialect={"alignment": "upper_left"},
    ),
)
"""Costs that are right."""

__all__ = ["CONTROLS", "ROGUES"]
