"""Costs and windows that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._windowed import Mask


def _distances(queries: int, keys: int, *, upper_left: bool = False) -> Array:
    """Return how far each key lies to the right of each query."""
    start = 0 if upper_left else keys - queries
    return np.arange(keys) - (np.arange(queries) + start)[:, None]


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
    distance = _distances(queries, keys, upper_left=True)
    return ((-left <= distance) & (distance <= right)).sum(-1)


def _cost(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    function: Callable[[int, int, int, int], Array],
    law: str,
) -> Rogue:
    return kind_rogue("band-cost", id, "window", sentence, function, caught_by=law)


def _whole(queries: int, keys: int, _left: int, _right: int) -> Array:
    return np.full(queries, keys)


def _in_tiles(queries: int, keys: int, left: int, right: int) -> Array:
    """Round up to whole tiles of four keys."""
    return -(-_counted(queries, keys, left, right) // 4) * 4


def _one_sided(queries: int, keys: int, left: int, right: int) -> Array:
    distance = _distances(queries, keys)
    return ((-left <= distance) & (distance < max(right, 1))).sum(-1)


def _growing(queries: int, keys: int, left: int, right: int) -> Array:
    """Let windows of late queries hold what they held before."""
    return np.maximum.accumulate(_counted(queries, keys, left, right))


def _window(inside: Callable[[Array, int], Array], **options: Any) -> Any:
    """Return a mask of the distances that lie inside of a window."""

    def window_mask(queries: int, keys: int, size: int) -> Mask:
        return np.asarray(inside(_distances(queries, keys, **options), size))

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
    distance = _distances(queries, keys)
    at = np.arange(queries) + keys - queries
    return (distance <= 0) & (at[:, None] // size == np.arange(keys) // size)


def _share(queries: int, keys: int, size: int) -> Mask:
    """Take no window for more than half of the keys."""
    distance = _distances(queries, keys)
    return (distance <= 0) & (distance > -min(size, -(-keys // 2)))


def _powers(queries: int, keys: int, size: int) -> Mask:
    """Take a window whose size is no power of two for a smaller one."""
    used = size if size & (size - 1) == 0 else size // 2
    distance = _distances(queries, keys)
    return (distance <= 0) & (distance > -used)


def _rogue(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    function: Any,
    law: str,
    mistake: str = "window",
    **more: Any,
) -> Rogue:
    kind = "window-mask"
    return kind_rogue(kind, id, mistake, sentence, function, caught_by=law, **more)


ROGUES: tuple[Rogue, ...] = (
    _cost(
        "band-cost-upper-left",
        "It declares the lower right and counts from the upper left.",
        _upper_left,
        "band-cost-agreement",
    ),
    _cost(
        "band-cost-in-tiles",
        "It counts whole tiles of four keys.",
        _in_tiles,
        "band-cost-most",
    ),
    _cost(
        "band-cost-whole",
        "All scores are computed, and most of them are hidden.",
        _whole,
        "band-cost-linear",
    ),
    _cost(
        "band-cost-one-sided",
        "The last key on the right is forgotten.",
        _one_sided,
        "band-cost-mirror",
    ),
    _cost(
        "band-cost-growing",
        "A window at the right border counts as many keys as one before it.",
        _growing,
        "band-cost-mirror",
    ),
    _rogue(
        "window-mask-own-left-out",
        "It declares the keys with the query's own, and leaves the own out.",
        _window(lambda d, size: (d < 0) & (d >= -size)),
        "window-mask-own",
        mimics="onnxruntime#25927",
    ),
    _rogue(
        "window-mask-one-more",
        "It declares so many keys and shows one more.",
        _window(lambda d, size: (d <= 0) & (d >= -size)),
        "window-mask-agreement",
        mimics="vllm#3385",
    ),
    _rogue(
        "window-mask-future",
        "Inside of the window what is after the query is seen as well.",
        _window(lambda d, size: np.abs(d) < size),
        "window-mask-agreement",
        "dropped-option",
        mimics="vllm-flash-attention#154",
    ),
    _rogue(
        "window-mask-upper-left",
        "It declares the lower right and stands in the upper left.",
        _window(lambda d, size: (d <= 0) & (d > -size), upper_left=True),
        "window-mask-agreement",
        "alignment",
    ),
    _rogue(
        "window-mask-chunks",
        "Each query sees what is before it in its own chunk.",
        _chunked,
        "window-mask-translation",
    ),
    _rogue(
        "window-mask-share",
        "The window is at most half of the keys.",
        _share,
        "window-mask-length",
    ),
    _rogue(
        "window-mask-one-is-off",
        "A size of 1 is taken for no window.",
        _window(lambda d, size: (d <= 0) & ((d > -size) | (size == 1))),
        "window-mask-single",
    ),
    _rogue(
        "window-mask-powers",
        "A size that is no power of two is halved.",
        _powers,
        "window-mask-nested",
    ),
)
"""Costs and windows that are wrong."""


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
"""Costs and windows that are right."""

__all__ = ["CONTROLS", "ROGUES"]
