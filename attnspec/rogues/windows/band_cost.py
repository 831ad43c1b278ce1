"""Costs of a band that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers
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


_rogue, _control = makers("band-cost", usual="window")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "upper-left",
        "It declares the lower right and counts from the upper left.",
        _upper_left,
        "agreement",
    ),
    _rogue(
        "in-tiles",
        "It counts whole tiles of four keys.",
        _in_tiles,
        "most",
    ),
    _rogue(
        "whole",
        "All scores are computed, and most of them are hidden.",
        lambda n, m, *_: np.full(n, m),
        "linear",
    ),
    _rogue(
        "one-sided",
        "The last key on the right is forgotten.",
        _one_sided,
        "mirror",
    ),
    _rogue(
        "growing",
        "A window at the right border counts as many keys as one before it.",
        lambda n, m, left, right: np.maximum.accumulate(_counted(n, m, left, right)),
        "mirror",
    ),
)
"""Costs that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("ends", "It subtracts the ends of a window.", _counted),
    _control("pairs", "It counts pair by pair.", _looped),
    _control(
        "from-the-upper-left",
        "Queries stand in the upper left.",
        _upper_left,
        dialect={"alignment": "upper_left"},
    ),
)
"""Costs that are right."""

__all__ = ["CONTROLS", "ROGUES"]
