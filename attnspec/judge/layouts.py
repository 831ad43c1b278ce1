"""Where an operand lies in memory when a kernel gets it.

Every operand is placed in a fresh buffer between guard bands, aligned to 64
bytes, and is compared with a snapshot after the call.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import UnknownName

LAYOUTS = (
    "contiguous",
    "transposed",
    "sliced",
    "offset",
    "broadcast_batch",
    "broadcast_heads",
)
"""The memory layout of an operand; the broadcast ones have a stride of 0."""

_ALIGNMENT = 64
_GUARD = 64


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """An operand in memory: the view that a kernel gets, and what lies around it."""

    view: Array
    _buffer: Array
    _before: bytes

    @property
    def unchanged(self) -> bool:
        """Whether the operand and its guard bands hold what they held."""
        return self._buffer.tobytes() == self._before


def place(array: Array, layout: str = "contiguous") -> Placed:
    """Copy an array into fresh memory in this layout.

    ``transposed`` swaps the two axes before the last in memory (heads and length),
    ``sliced`` takes every second element of the last-but-one axis of a larger
    array, ``offset`` starts at an odd element, ``broadcast_batch`` and
    ``broadcast_heads`` have a stride of 0 along an axis on which the data repeat.
    """
    if layout not in LAYOUTS:
        msg = f"layout: expected one of {', '.join(LAYOUTS)}; got {layout!r}"
        raise UnknownName(msg)
    stored = _stored(array, layout)
    buffer, start = _buffer(stored, odd=layout == "offset")
    inner = buffer[start : start + stored.size].reshape(stored.shape)
    inner[...] = stored
    return Placed(_view(inner, array.shape, layout), buffer, buffer.tobytes())


def _stored(array: Array, layout: str) -> Array:
    """Return the array as it lies in memory, in C order."""
    if layout == "transposed" and array.ndim >= 3:
        return array.swapaxes(-3, -2)
    if layout == "sliced" and array.ndim >= 2:
        return np.stack([array, _guarded(array)], -2).reshape(
            (*array.shape[:-2], 2 * array.shape[-2], array.shape[-1])
        )
    if layout == "broadcast_batch" and array.ndim == 4:
        return array[:1]
    if layout == "broadcast_heads" and array.ndim == 4:
        return array[:, :1]
    return array


def _view(inner: Array, shape: tuple[int, ...], layout: str) -> Array:
    """Return the view of stored memory that has the operand's shape."""
    if layout == "transposed" and inner.ndim >= 3:
        return inner.swapaxes(-3, -2)
    if layout == "sliced" and inner.ndim >= 2:
        return inner[..., ::2, :]
    if inner.shape == shape:
        return inner
    # Unlike broadcast_to's own view it is writable, so that a kernel that writes is
    # seen, and an axis of length 1 keeps its stride: some kernels look at the last.
    strides = tuple(
        stride if inner.shape[axis] == shape[axis] else 0
        for axis, stride in enumerate(inner.strides)
    )
    return np.lib.stride_tricks.as_strided(inner, shape, strides)


def _guarded(array: Array) -> Array:
    """Return an array of the same shape that no kernel may read: NaN, True, least."""
    if array.dtype == np.bool_:
        return np.ones_like(array)
    if array.dtype.kind in "iu":
        return np.full_like(array, np.iinfo(array.dtype).min)
    return np.full_like(array, np.nan)


def _buffer(stored: Array, *, odd: bool) -> tuple[Array, int]:
    """Return guard elements around room for `stored`, and where the room starts."""
    item = stored.dtype.itemsize
    slack = _ALIGNMENT // item
    raw = np.empty(stored.size + 2 * _GUARD + 2 * slack, stored.dtype)
    shift = -(raw.ctypes.data // item) % slack
    buffer = raw[shift : shift + stored.size + 2 * _GUARD + slack]
    buffer[...] = _guarded(buffer)
    return buffer, _GUARD + (1 if odd else 0)


__all__ = ["LAYOUTS", "Placed", "place"]
