"""Neighborhoods that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.windows._neighborhoods import Axis, centered, clipped, nearest
from attnspec.rogues.windows._windowed_attention import (
    Attend,
    Mask,
    attend,
    gathered,
    leaking,
    tiled,
)


def _wrapped(length: int, size: int, dilation: int) -> Mask:
    """Go on at the other end."""
    seen = np.zeros((length, length), dtype=np.bool_)
    for at in range(length):
        steps = np.arange(size) - size // 2
        seen[at, (at + steps * dilation) % length] = True
    return seen


def _edge_of_all(length: int, size: int, dilation: int) -> Mask:
    """Move a dilated neighborhood inside as a whole, off its own remainder."""
    at = np.arange(length)
    reach = (size - 1) * dilation
    start = np.clip(at - size // 2 * dilation, 0, length - 1 - reach)
    seen = np.zeros((length, length), dtype=np.bool_)
    for step in range(size):
        seen[at, start + step * dilation] = True
    return seen


def _others(length: int, size: int, dilation: int) -> Mask:
    """Hide each query's own key, where it is not the only one."""
    # A neighborhood of one key keeps it, or there would be none.
    own = np.eye(length, dtype=np.bool_) & (size > 1)
    return nearest(length, size, dilation) & ~own


def _neighborhood(mask: Axis = nearest, how: Attend = attend) -> Callable[..., Array]:
    """Return attention over a neighborhood, or over what is taken for one."""

    def neighborhood(
        query: Array,
        key: Array,
        value: Array,
        kernel_size: int,
        *,
        dilation: int = 1,
        scale: float | None = None,
    ) -> Array:
        seen = mask(query.shape[-2], kernel_size, dilation)
        return how(query, key, value, seen, scale)

    return neighborhood


def _undilated(length: int, size: int, _dilation: int) -> Mask:
    return nearest(length, size, 1)


_rogue, _control = makers("neighborhood", usual="window")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-more-right",
        "An even neighborhood reaches one further to the right.",
        _neighborhood(lambda n, size, step: nearest(n, size, step, ahead=1)),
        "agreement",
    ),
    _rogue(
        "undilated",
        "The dilation is ignored.",
        _neighborhood(_undilated),
        "agreement",
        "dropped-option",
    ),
    _rogue(
        "clipped",
        "The neighborhood is cut off at the borders.",
        _neighborhood(clipped),
        "size",
    ),
    _rogue(
        "wrapped",
        "The neighborhood goes on at the other end of the sequence.",
        _neighborhood(_wrapped),
        "border",
    ),
    _rogue(
        "penalty",
        "What is hidden is given 20 less, not minus infinity.",
        _neighborhood(how=leaking),
        "influence",
        "precision",
    ),
    _rogue(
        "edge-of-all",
        "Dilated, it moves inside as a whole and sees keys of another remainder.",
        _neighborhood(_edge_of_all),
        "dilation",
    ),
    _rogue(
        "others",
        "Each query sees all of its neighborhood but itself.",
        _neighborhood(_others),
        "whole",
    ),
)
"""Neighborhoods that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "gathered",
        "It goes query by query and touches no hidden key.",
        _neighborhood(how=gathered),
        dtypes=FORMATS,
    ),
    _control(
        "tiled",
        "It goes over tiles of keys with a running maximum.",
        _neighborhood(how=tiled),
        dtypes=FORMATS,
    ),
    _control(
        "centered",
        "It moves the center inside, so an even neighborhood holds one more key.",
        _neighborhood(centered),
        dialect={"even_size": "one_more_key"},
    ),
)
"""Neighborhoods that are right."""

__all__ = ["CONTROLS", "ROGUES"]
