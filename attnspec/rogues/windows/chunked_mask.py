"""Chunks that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._positions import distances, places
from attnspec.rogues.windows._windowed_attention import Mask


def _chunked(queries: int, keys: int, size: int, start: int = 0) -> Mask:
    """Compare the numbers of two chunks."""
    query, key = places(queries, keys)
    return ((query - start) // size == (key - start) // size) & (key <= query)


def _by_rows(queries: int, keys: int, size: int, start: int) -> Mask:
    """Fill row by row, from the first key of its chunk on."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        place = row + keys - queries
        first = place - (place - start) % size
        mask[row, max(0, first) : max(0, place + 1)] = True
    return mask


def _upper_left(queries: int, keys: int, size: int, start: int) -> Mask:
    """Count queries from the first one on."""
    query, key = np.arange(queries)[:, None], np.arange(keys)
    return ((query - start) // size == (key - start) // size) & (key <= query)


def _sliding(queries: int, keys: int, size: int, _start: int) -> Mask:
    """See as many keys as a chunk has."""
    distance = -distances(queries, keys)
    return (distance >= 0) & (distance < size)


def _open(queries: int, keys: int, size: int, start: int) -> Mask:
    """See the whole chunk."""
    query, key = places(queries, keys)
    return (query - start) // size == (key - start) // size


def _ceil(queries: int, keys: int, size: int, start: int) -> Mask:
    """Round the number of a chunk up."""
    query, key = places(queries, keys)
    return (-(start - query) // -size == -(start - key) // -size) & (key <= query)


def _truncated(queries: int, keys: int, size: int, start: int) -> Mask:
    """Round the number of a chunk to zero: two of them are number 0."""
    query, key = places(queries, keys)
    here, there = (np.trunc((each - start) / size) for each in (query, key))
    return (here == there) & (key <= query)


def _longer_first(queries: int, keys: int, size: int, start: int) -> Mask:
    """Give the first chunk one token more, and the others the rest."""
    query, key = places(queries, keys)
    here, there = (
        np.maximum(0, each - start - 1) // size + (each < start) * -1
        for each in (query, key)
    )
    return (here == there) & (key <= query)


def _nothing_of_one(queries: int, keys: int, size: int, start: int) -> Mask:
    """Take a chunk of one for no chunk at all."""
    return _chunked(queries, keys, 10**6 if size == 1 else size, start)


def _never_longer(queries: int, keys: int, size: int, start: int) -> Mask:
    """Cut a chunk that is longer than the keys to half of them."""
    return _chunked(queries, keys, size if size <= keys else max(1, keys // 2), start)


_rogue, _control = makers("chunked-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "sliding",
        "Each query sees as many keys as a chunk has: a window.",
        _sliding,
        "agreement",
        mistake="window",
    ),
    _rogue(
        "by-row",
        "The chunk of a query is told by its row, and not by its place.",
        _upper_left,
        "agreement",
        mistake="alignment",
    ),
    _rogue("ceil", "The numbers of chunks are rounded up.", _ceil, "agreement"),
    _rogue(
        "truncated",
        "The numbers of chunks are rounded to zero, where C rounds them.",
        _truncated,
        "agreement",
    ),
    _rogue("open", "Later keys of a chunk are seen.", _open, "causal"),
    _rogue(
        "cut",
        "A chunk longer than the keys is cut.",
        _never_longer,
        "causal",
        mistake="tail",
    ),
    _rogue(
        "none-of-one",
        "A size of 1 is taken for no chunks.",
        _nothing_of_one,
        "alone",
        mistake="dropped-option",
    ),
    _rogue("longer-first", "The first chunk is one longer.", _longer_first, "repeats"),
    _rogue(
        "start-forgotten",
        "Chunks begin at the first slot, whatever their start.",
        lambda n, m, size, _: _chunked(n, m, size),
        "start",
        mistake="dropped-option",
    ),
)
"""Chunks that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("numbers", "It compares the numbers of chunks.", _chunked),
    _control("rows", "It fills row by row.", _by_rows),
    _control(
        "from-the-upper-left",
        "Queries stand in the upper left.",
        _upper_left,
        dialect={"alignment": "upper_left"},
    ),
    _control(
        "by-slot",
        "Chunks begin at the first slot, as it declares.",
        lambda n, m, size, _: _chunked(n, m, size),
        dialect={"origin": "slot"},
    ),
)
"""Chunks that are right."""

__all__ = ["CONTROLS", "ROGUES"]
