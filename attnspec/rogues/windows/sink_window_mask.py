"""Windows beside the first tokens that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._positions import distances, places
from attnspec.rogues.windows._windowed_attention import Mask


def _window(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Unite two masks, and take away what comes later."""
    query, key = places(queries, keys)
    return ((key < sinks) | (query - key <= size)) & (key <= query)


def _rows(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Fill row by row."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        place = row + keys - queries
        end = max(0, place + 1)
        mask[row, max(0, place - size) : end] = True
        mask[row, : min(sinks, end)] = True
    return mask


def _upper_left(queries: int, keys: int, sinks: int, size: int) -> Mask:
    query, key = np.arange(queries)[:, None], np.arange(keys)
    return ((key < sinks) | (query - key <= size)) & (key <= query)


def _from_the_end(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Count the sinks from the last key."""
    query, key = places(queries, keys)
    return ((key >= keys - sinks) | (query - key <= size)) & (key <= query)


def _ahead(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Show the sinks before their time."""
    distance = -distances(queries, keys)
    return (np.arange(keys) < sinks) | ((distance >= 0) & (distance <= size))


def _of_the_window(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Let the sinks take the place of as many keys of the window."""
    return _window(queries, keys, sinks, max(0, size - sinks))


def _either(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """See a sink that lies in the window not twice, but not at all."""
    query, key = places(queries, keys)
    return ((key < sinks) ^ (query - key <= size)) & (key <= query)


def _bounded(queries: int, keys: int, sinks: int, size: int) -> Mask:
    """Lose the sinks where the window has moved on by four times its size."""
    query, key = places(queries, keys)
    near = query - key <= size
    return (near | ((key < sinks) & (query <= 4 * size))) & (key <= query)


def _one_at_least(queries: int, keys: int, sinks: int, size: int) -> Mask:
    return _window(queries, keys, max(1, sinks), size)


_rogue, _control = makers("sink-window-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-more",
        "It declares the keys before the own, and sees one more.",
        lambda n, m, sinks, size: _window(n, m, sinks, size + 1),
        "agreement",
        mistake="window",
    ),
    _rogue(
        "from-the-end",
        "The sinks are counted from the end of the sequence.",
        _from_the_end,
        "stay",
    ),
    _rogue(
        "forgotten",
        "The sinks are forgotten.",
        lambda n, m, _, size: _window(n, m, 0, size),
        "stay",
        mistake="dropped-option",
    ),
    _rogue("ahead", "Sinks are seen before their time.", _ahead, "wide"),
    _rogue(
        "lost",
        "Sinks are lost where the window has moved on for long.",
        _bounded,
        "stay",
    ),
    _rogue(
        "of-the-window",
        "Sinks take places of the window.",
        _of_the_window,
        "apart",
        mistake="window",
    ),
    _rogue(
        "either",
        "A sink that lies in the window is hidden.",
        _either,
        "wide",
    ),
    _rogue(
        "one-at-least",
        "The first token is always a sink.",
        _one_at_least,
        "sinkless",
    ),
    _rogue(
        "by-row",
        "The window of a query is told by its row, and not by its place.",
        _upper_left,
        "agreement",
        mistake="alignment",
    ),
)
"""Windows beside the first tokens that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("union", "It unites two masks.", _window),
    _control("rows", "It fills row by row.", _rows),
    _control(
        "upper-left",
        "Queries stand in the upper left.",
        _upper_left,
        dialect={"alignment": "upper_left"},
    ),
    _control(
        "with-own",
        "The window counts the own key, as it declares.",
        lambda n, m, sinks, size: _window(n, m, sinks, size - 1),
        dialect={"unit": "keys_with_own"},
    ),
)
"""Windows beside the first tokens that are right."""

__all__ = ["CONTROLS", "ROGUES"]
