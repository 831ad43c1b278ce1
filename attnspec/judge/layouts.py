"""Where an operand lies in memory when a kernel gets it.

Every operand is placed in a buffer between guard bands of NaN or of huge numbers,
aligned to 64 bytes, which is compared after the call with what it held before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import UnknownName
from attnspec.numerics.formats import format_of

LAYOUTS = (
    "contiguous",
    "transposed",
    "sliced",
    "offset",
    "broadcast_batch",
    "broadcast_heads",
)
"""The memory layout of an operand; the broadcast ones have a stride of 0."""

ALIGNMENT = 64
"""Bytes that divide the address of every buffer."""

GUARD = 64
"""Elements on either side of an operand that no kernel may touch."""

_REPEATED = {"broadcast_batch": 0, "broadcast_heads": 1}
"""The axis of an operand along which a layout has a stride of 0."""

Order = tuple[int, ...]
"""The axes of an operand in the order in which they lie in memory."""

Room = Callable[[int], Array]
"""Gives room for so many bytes, at an aligned address."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """An operand in memory: the view that a kernel gets, and what lies around it."""

    view: Array
    buffer: Array
    """The operand between its guard bands, as it lies in memory."""
    pieces: tuple[Array, ...] = ()
    """The parts between guard bands of their own of one that lies in several."""

    @property
    def offset(self) -> int:
        """Bytes from the start of the buffer to the operand's first element."""
        return int(self.view.ctypes.data - self.buffer.ctypes.data)

    def content(self) -> bytes:
        """Return the bytes of the operand and of its guard bands."""
        return b"".join(piece.tobytes() for piece in self.pieces or (self.buffer,))


def fresh_room(size: int) -> Array:
    """Return fresh memory for so many bytes, at an aligned address.

    Examples
    --------
    >>> fresh_room(100).ctypes.data % ALIGNMENT
    0
    """
    raw = np.empty(size + ALIGNMENT, np.uint8)
    shift = -raw.ctypes.data % ALIGNMENT
    return raw[shift : shift + size]


def place(
    array: Array,
    layout: str = "contiguous",
    room: Room = fresh_room,
    order: Order = (),
) -> Placed:
    """Copy an array into memory in this layout.

    ``transposed`` swaps the two axes before the last in memory (heads and length),
    ``sliced`` takes every second element of the last-but-one axis of a larger
    array, ``offset`` starts at an odd element, ``broadcast_batch`` and
    ``broadcast_heads`` have a stride of 0 along an axis on which the data repeat.
    All this is so in the `order` in which the axes lie in memory, where one is given.
    """
    if layout not in LAYOUTS:
        msg = f"layout: expected one of {', '.join(LAYOUTS)}; got {layout!r}"
        raise UnknownName(msg)
    order = order or tuple(range(array.ndim))
    turned = array.transpose(order)
    stored = _stored(turned, layout, order)
    start = GUARD + (1 if layout == "offset" else 0)
    end = start + stored.size
    item = stored.dtype.itemsize
    buffer = room((stored.size + 2 * GUARD) * item + ALIGNMENT).view(stored.dtype)
    buffer[:start] = buffer[end:] = poison(stored)
    inner = buffer[start:end].reshape(stored.shape)
    inner[...] = stored
    back = tuple(map(order.index, range(array.ndim)))
    return Placed(_view(inner, turned.shape, layout).transpose(back), buffer)


def _stored(array: Array, layout: str, order: Order) -> Array:
    """Return the array as it lies in memory, in C order."""
    if layout == "transposed" and array.ndim >= 3:
        return array.swapaxes(-3, -2)
    if layout == "sliced" and array.ndim >= 2:
        return np.stack([array, np.full_like(array, poison(array))], -2).reshape(
            (*array.shape[:-2], 2 * array.shape[-2], array.shape[-1])
        )
    if (axis := _REPEATED.get(layout)) is not None and array.ndim == 4:
        first = [slice(None)] * 4
        first[order.index(axis)] = slice(1)
        once = array[tuple(first)]
        # A law may have put other data in their place: such an array lies densely.
        data = np.ascontiguousarray(np.broadcast_to(once, array.shape))
        return once if data.tobytes() == array.tobytes() else array
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


def poison(array: Array) -> Any:
    """Return what no kernel may read around an array: it depends on the data.

    True, the least whole number, NaN or the largest number: a maximum that drops NaN
    does not see NaN alone.
    """
    dtype = array.dtype
    if dtype == np.bool_:
        return True
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    is_even = sum(array.flat[:4].tobytes()) % 2 == 0
    return np.nan if is_even else format_of(dtype.name).maximum


__all__ = [
    "ALIGNMENT",
    "GUARD",
    "LAYOUTS",
    "Order",
    "Placed",
    "Room",
    "fresh_room",
    "place",
    "poison",
]
