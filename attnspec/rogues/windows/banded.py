"""Bands that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.windows._positions import distances
from attnspec.rogues.windows._windowed_attention import (
    Attend,
    Mask,
    attend,
    gathered,
    leaking,
    scores_of,
    softmax,
    tiled,
)

Window = tuple[int, int]


def _mask(length: int, left: int, right: int) -> Mask:
    distance = distances(length, length)
    return (-left <= distance) & (distance <= right)


def _banded(
    mask: Callable[[int, int, int], Mask] = _mask,
    how: Attend = attend,
    **options: Any,
) -> Callable[..., Array]:
    """Return attention over a band, or over what is taken for one."""

    def banded(
        query: Array,
        key: Array,
        value: Array,
        window: Window,
        *,
        scale: float | None = None,
    ) -> Array:
        seen = mask(query.shape[-2], *window)
        return how(query, key, value, seen, scale, **options)

    return banded


def _whole_tiles(length: int, left: int, right: int) -> Mask:
    """Show every key of a tile that holds a visible one."""
    # Tiles of four keys: short sequences have several, and a cut one.
    seen, tile = _mask(length, left, right), np.arange(length) // 4
    return np.asarray((seen.astype(int) @ (tile[:, None] == tile)) > 0)


def _chunks(length: int, left: int, right: int) -> Mask:
    chunk = np.arange(length) // (left + 1 + right)
    return np.asarray(chunk[:, None] == chunk)


def _moved_inside(length: int, left: int, right: int) -> Mask:
    """Keep the size of the window at the borders."""
    size = min(length, left + 1 + right)
    start = np.clip(np.arange(length) - left, 0, length - size)[:, None]
    return (start <= np.arange(length)) & (np.arange(length) < start + size)


def _row_before(length: int, left: int, right: int) -> Mask:
    """Show each query the window of the query before it."""
    distance = np.arange(length) - np.maximum(np.arange(length) - 1, 0)[:, None]
    return (-left <= distance) & (distance <= right)


def _after(
    query: Array, key: Array, value: Array, mask: Mask, scale: float | None = None
) -> Array:
    """Cut the band out of the weights after the softmax."""
    weights = np.where(mask, softmax(scores_of(query, key, scale)), 0)
    return (weights @ value.astype(weights.dtype)).astype(query.dtype)


def _renormalized(
    query: Array, key: Array, value: Array, mask: Mask, scale: float | None = None
) -> Array:
    """Cut the band out after the exponential, and divide by the sum of what is left."""
    scores = scores_of(query, key, scale)
    top = np.where(mask, scores, -np.inf).max(-1, keepdims=True)
    # Clipped, a hidden score cannot overflow; it is cut out anyway.
    sizes = np.where(mask, np.exp(np.minimum(scores - top, 0)), 0)
    weights = sizes / sizes.sum(-1, keepdims=True)
    return (weights @ value.astype(weights.dtype)).astype(query.dtype)


def _padded(
    query: Array,
    key: Array,
    value: Array,
    window: Window,
    *,
    scale: float | None = None,
) -> Array:
    """Pad the sequence with zeros, which have a score of zero and take a share."""
    length = query.shape[-2]
    around = [(0, 0)] * (key.ndim - 2) + [window, (0, 0)]
    wide_key, wide_value = np.pad(key, around), np.pad(value, around)
    distance = np.arange(wide_key.shape[-2]) - np.arange(length)[:, None]
    seen = (distance >= 0) & (distance <= sum(window))
    return attend(query, wide_key, wide_value, seen, scale)


def _scale_ignored(
    query: Array,
    key: Array,
    value: Array,
    window: Window,
    *,
    scale: float | None = None,  # noqa: ARG001 - this is the mistake
) -> Array:
    return attend(query, key, value, _mask(query.shape[-2], *window))


_rogue, _control = makers("banded", usual="window", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-more",
        "The window is one wider to the left.",
        _banded(lambda length, left, right: _mask(length, left + 1, right)),
        "agreement",
        mimics="transformers#39408",
    ),
    _rogue(
        "row-before",
        "Each query has the window of the one before it.",
        _banded(_row_before),
        "agreement",
        mimics="openvino#30714",
    ),
    _rogue(
        "polarity",
        "What is in the window is hidden, and the rest is shown.",
        _banded(lambda *window: ~_mask(*window)),
        "agreement",
        "mask",
        mimics="halonet-pytorch#4",
    ),
    _rogue(
        "scale-ignored",
        "The scale is always one over the root of the width.",
        _scale_ignored,
        "agreement",
        "dropped-option",
    ),
    _rogue(
        "whole-tiles",
        "A tile of keys is seen whole as soon as one of its keys is.",
        _banded(_whole_tiles),
        "weights",
    ),
    _rogue(
        "moved-inside",
        "At a border the window moves inside in place of being cut.",
        _banded(_moved_inside),
        "weights",
    ),
    _rogue(
        "penalty",
        "Hidden keys are given 20 less, not minus infinity.",
        _banded(how=leaking),
        "influence",
        "precision",
    ),
    _rogue(
        "padded",
        "Zeros beyond the borders take a share of the weights.",
        _padded,
        "sum",
        "tail",
    ),
    _rogue(
        "zeroed-after",
        "The band is cut out of the weights after the softmax.",
        _banded(how=_after),
        "before",
        "mask",
    ),
    _rogue(
        "chunks",
        "Each query sees the chunk that it stands in.",
        _banded(_chunks),
        "translation",
    ),
    _rogue(
        "strided",
        "Only every second key of the window is seen.",
        _banded(lambda n, *sides: _mask(n, *sides) & (distances(n, n) % 2 == 0)),
        "layers",
    ),
    _rogue(
        "zero-is-off",
        "A side of 0 is taken for no limit.",
        _banded(lambda n, left, right: _mask(n, left or n, right or n)),
        "extremes",
    ),
    _rogue(
        "one-side-more",
        "It declares a window that looks back alone, and sees the next key as well.",
        _banded(lambda length, left, _right: _mask(length, left, 1)),
        "agreement",
        without=("keys_after",),
    ),
    _rogue(
        "causal-half",
        "Nothing to the right is seen, whatever the window says.",
        _banded(lambda length, left, _right: _mask(length, left, 0)),
        "reversal",
        mimics="transformers#40700",
    ),
)
"""Bands that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "before-alone",
        "It looks back and not ahead, and says so.",
        _banded(lambda length, left, _right: _mask(length, left, 0)),
        without=("keys_after",),
    ),
    _control(
        "equal-sides",
        "One distance is that of both sides, and it says so.",
        _banded(lambda length, left, _right: _mask(length, left, left)),
        without=("unequal_sides",),
    ),
    _control(
        "gathered",
        "It goes query by query and touches no hidden key.",
        _banded(how=gathered),
    ),
    _control(
        "tiled",
        "It goes over tiles of keys with a running maximum.",
        _banded(how=tiled),
    ),
    _control(
        "finite-fill",
        # exp(-10000) is 0 in every format, and no score drawn comes near.
        "Hidden scores are -10,000 in place of minus infinity.",
        _banded(hidden=-1e4),
    ),
    _control(
        "renormalized",
        "The band is cut out after the exponential, and the rest divided by its sum.",
        _banded(how=_renormalized),
    ),
)
"""Bands that are right."""

__all__ = ["CONTROLS", "ROGUES"]
