"""Prefixes that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._positions import distances, places
from attnspec.rogues.windows._windowed_attention import Mask


def _prefix(queries: int, keys: int, length: int) -> Mask:
    """Unite the causal mask and the prefix."""
    query, key = places(queries, keys)
    return (key <= query) | (key < length)


def _prefix_rows(queries: int, keys: int, length: int) -> Mask:
    """Fill row by row."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        mask[row, : max(length, row + keys - queries + 1)] = True
    return mask


def _prefix_of_its_own(queries: int, keys: int, length: int) -> Mask:
    """Let queries behind the prefix see what is not of it alone."""
    query, key = places(queries, keys)
    return np.where(query < length, key < length, (key <= query) & (key >= length))


def _prefix_upper_left(queries: int, keys: int, length: int) -> Mask:
    query, key = np.arange(queries)[:, None], np.arange(keys)
    return (key <= query) | (key < length)


_rogue, _control = makers("prefix-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-more",
        "The prefix is one longer.",
        lambda n, m, length: _prefix(n, m, length + 1),
        "agreement",
    ),
    _rogue(
        "upper-left",
        "It declares the lower right and stands in the upper left.",
        _prefix_upper_left,
        "agreement",
        mistake="alignment",
    ),
    _rogue(
        "apart",
        "Queries after the prefix do not see it.",
        _prefix_of_its_own,
        "open",
    ),
    _rogue(
        "ahead",
        "The next key is seen as well.",
        lambda n, m, length: (distances(n, m) <= 1) | (np.arange(m) < length),
        "causal",
    ),
    _rogue(
        "forgotten",
        "The prefix is forgotten: the mask is causal.",
        lambda n, m, _: _prefix(n, m, 0),
        "mutual",
        mistake="dropped-option",
    ),
)
"""Prefixes that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("union", "It unites two masks.", _prefix),
    _control("rows", "It fills row by row.", _prefix_rows),
    _control(
        "from-the-upper-left",
        "Queries stand in the upper left.",
        _prefix_upper_left,
        dialect={"alignment": "upper_left"},
    ),
)
"""Prefixes that are right."""

__all__ = ["CONTROLS", "ROGUES"]
