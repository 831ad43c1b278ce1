"""Which keys a neighborhood shows along one axis, rightly and wrongly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec.rogues.windows._positions import distances
from attnspec.rogues.windows._windowed_attention import Mask

Axis = Callable[[int, int, int], Mask]
"""A mask along one axis: its length, the size of the neighborhood, the dilation."""


def nearest(length: int, size: int, dilation: int, *, ahead: int = 0) -> Mask:
    """Show so many keys of the same remainder; an even one reaches to the left."""
    seen = np.zeros((length, length), dtype=np.bool_)
    for at in range(length):
        own = np.arange(at % dilation, length, dilation)
        start = at // dilation - (size - ahead) // 2
        # Moved inside at either border: the size stays.
        first = min(max(start, 0), len(own) - size)
        seen[at, own[first : first + size]] = True
    return seen


def clipped(length: int, size: int, dilation: int) -> Mask:
    """Cut the neighborhood off at the borders."""
    distance = distances(length, length)
    left, right = size // 2 * dilation, (size - 1) // 2 * dilation
    return (-left <= distance) & (distance <= right) & (distance % dilation == 0)


def centered(length: int, size: int, dilation: int) -> Mask:
    """Move the center inside, and reach half a size to both sides of it."""
    seen = np.zeros((length, length), dtype=np.bool_)
    for at in range(length):
        own = np.arange(at % dilation, length, dilation)
        half, steps = size // 2, np.arange(len(own))
        center = min(max(at // dilation, half), max(len(own) - 1 - half, 0))
        seen[at, own[np.abs(steps - center) <= half]] = True
    return seen


__all__ = ["Axis", "centered", "clipped", "nearest"]
