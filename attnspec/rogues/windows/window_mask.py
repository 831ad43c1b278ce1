"""Windows of one number that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, rogues_of
from attnspec.rogues.windows._positions import distances
from attnspec.rogues.windows._windowed_attention import Mask


def _window(inside: Callable[[Array, int], Array], **options: Any) -> Any:
    """Return a mask of the distances that lie inside of a window."""

    def window_mask(queries: int, keys: int, size: int) -> Mask:
        return np.asarray(inside(distances(queries, keys, **options), size))

    return window_mask


def _rows(queries: int, keys: int, size: int) -> Mask:
    """Fill row by row, its own key the last of each window."""
    mask = np.zeros((queries, keys), dtype=np.bool_)
    for row in range(queries):
        at = row + keys - queries
        mask[row, max(0, at - size + 1) : max(0, at + 1)] = True
    return mask


def _chunked(queries: int, keys: int, size: int) -> Mask:
    """Show what is in the own chunk and not behind the query."""
    distance = distances(queries, keys)
    at = np.arange(queries) + keys - queries
    return (distance <= 0) & (at[:, None] // size == np.arange(keys) // size)


def _share(queries: int, keys: int, size: int) -> Mask:
    """Take no window for more than half of the keys."""
    distance = distances(queries, keys)
    return (distance <= 0) & (distance > -min(size, -(-keys // 2)))


def _powers(queries: int, keys: int, size: int) -> Mask:
    """Take a window whose size is no power of two for a smaller one."""
    # A power of two has no bit in common with the number before it.
    used = size if size & (size - 1) == 0 else size // 2
    distance = distances(queries, keys)
    return (distance <= 0) & (distance > -used)


def _control(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    inside: Callable[[Array, int], Array],
    unit: str,
    alignment: str = "lower_right",
) -> Control:
    function = _window(inside, upper_left=alignment == "upper_left")
    dialect = {"unit": unit, "alignment": alignment}
    return kind_control("window-mask", id, sentence, function, dialect=dialect)


_rogue = rogues_of("window-mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "own-left-out",
        "window",
        "It declares the keys with the query's own, and leaves the own out.",
        _window(lambda d, size: (d < 0) & (d >= -size)),
        "own",
        mimics="onnxruntime#25927",
    ),
    _rogue(
        "one-more",
        "window",
        "It declares so many keys and shows one more.",
        _window(lambda d, size: (d <= 0) & (d >= -size)),
        "agreement",
        mimics="vllm#3385",
    ),
    _rogue(
        "future",
        "dropped-option",
        "Inside of the window what is after the query is seen as well.",
        _window(lambda d, size: np.abs(d) < size),
        "agreement",
        mimics="vllm-flash-attention#154",
    ),
    _rogue(
        "upper-left",
        "alignment",
        "It declares the lower right and stands in the upper left.",
        _window(lambda d, size: (d <= 0) & (d > -size), upper_left=True),
        "agreement",
    ),
    _rogue(
        "chunks",
        "window",
        "Each query sees what is before it in its own chunk.",
        _chunked,
        "translation",
    ),
    _rogue(
        "share",
        "window",
        "The window is at most half of the keys.",
        _share,
        "length",
    ),
    _rogue(
        "one-is-off",
        "window",
        "A size of 1 is taken for no window.",
        _window(lambda d, size: (d <= 0) & ((d > -size) | (size == 1))),
        "single",
    ),
    _rogue(
        "powers",
        "window",
        "A size that is no power of two is halved.",
        _powers,
        "nested",
    ),
)
"""Windows that are wrong."""

CONTROLS: tuple[Control, ...] = (
    kind_control("window-mask", "window-mask-rows", "It fills row by row.", _rows),
    _control(
        "window-mask-keys-before",
        "The size counts the keys before the query's own.",
        lambda d, size: (d <= 0) & (d >= -size),
        "keys_before",
    ),
    _control(
        "window-mask-each-side",
        "The size is a distance to both sides, from the upper left.",
        lambda d, size: np.abs(d) <= size,
        "each_side",
        "upper_left",
    ),
    _control(
        "window-mask-both-sides",
        "The size is the width of both sides together.",
        lambda d, size: np.abs(d) <= size // 2,
        "both_sides",
    ),
    _control(
        "window-mask-open-sides",
        "The size is the first distance that is hidden, on both sides.",
        lambda d, size: np.abs(d) < size,
        "open_sides",
        "upper_left",
    ),
)
"""Windows that are right."""

__all__ = ["CONTROLS", "ROGUES"]
