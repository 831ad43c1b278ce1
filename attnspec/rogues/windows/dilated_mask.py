"""Dilations that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._positions import distances, places
from attnspec.rogues.windows._windowed_attention import Mask


def _dilated(queries: int, keys: int, dilation: int) -> Mask:
    query, key = places(queries, keys)
    return np.asarray(query % dilation == key % dilation)


def _dilated_steps(queries: int, keys: int, dilation: int) -> Mask:
    """Go from each position to both ends in steps."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        mask[row, (row + keys - queries) % dilation :: dilation] = True
    return mask


def _dilated_blocks(queries: int, keys: int, dilation: int) -> Mask:
    """Take the groups of consecutive tokens for those of equal remainder."""
    query, key = places(queries, keys)
    return np.asarray(query // dilation == key // dilation)


_rogue, _control = makers("dilated-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "between",
        "The dilation counts the keys that are left out.",
        lambda n, m, d: _dilated(n, m, d + 1 if d > 1 else 1),
        "agreement",
    ),
    _rogue(
        "past",
        "Only what is before the query is seen.",
        lambda n, m, d: _dilated(n, m, d) & (distances(n, m) <= 0),
        "classes",
    ),
    _rogue(
        "from-zero",
        "It counts from the first key, not from the query.",
        lambda n, m, d: np.broadcast_to(np.arange(m) % d == 0, (n, m)),
        "classes",
    ),
    _rogue(
        "blocks",
        "Consecutive tokens see each other, not those of equal remainder.",
        _dilated_blocks,
        "shift",
    ),
)
"""Dilations that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("remainders", "It compares remainders.", _dilated),
    _control("steps", "It goes in steps.", _dilated_steps),
)
"""Dilations that are right."""

__all__ = ["CONTROLS", "ROGUES"]
