"""Operands that lie far apart in memory that is reserved and hardly touched.

One axis has a stride so large that the last element lies more than 2**31 elements from
the first: an offset in 32 bits cannot reach it. Only what is addressed is written,
guarded and compared.
"""

from __future__ import annotations

import math
import mmap

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.layouts import GUARD, Placed, poison

FAR = "far"
"""The name of this layout."""

_REACH = 2**31
"""Elements between the first and the last part of an operand, at least."""


def _axis(shape: tuple[int, ...]) -> int | None:
    """Return the first axis but the last along which there are several elements."""
    return next((axis for axis, n in enumerate(shape[:-1]) if n > 1), None)


def is_far(shape: tuple[int, ...]) -> bool:
    """Return whether an operand of this shape can lie far apart."""
    return _axis(shape) is not None and 0 not in shape


def far_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides in elements: of C, but for the first axis with several.

    Examples
    --------
    >>> far_strides((2, 1, 3, 4))
    (2147483648, 12, 4, 1)
    """
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    axis = _axis(shape)
    if axis is not None:
        strides[axis] = -(-_REACH // (shape[axis] - 1))
    return tuple(strides)


def last_offset(shape: tuple[int, ...]) -> int:
    """Return how many elements the last one lies behind the first."""
    steps = zip(far_strides(shape), shape, strict=True)
    return sum(stride * (n - 1) for stride, n in steps)


def reserved(size: int) -> Array:
    """Return so many bytes of memory that is there once it is written.

    Raises
    ------
    InvalidArgument
        If the system does not give as much address space.
    """
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    try:
        memory = mmap.mmap(-1, size, flags=flags)
    except (OSError, ValueError) as error:
        msg = (
            f"layouts: {size / 2**30:.1f} GiB of addresses cannot be reserved "
            f"({error}); without the claim far_offsets they are not asked for"
        )
        raise InvalidArgument(msg) from error
    return np.frombuffer(memory, np.uint8)


def place_far(array: Array) -> Placed:
    """Copy an array into memory where its parts lie far apart, each between guards.

    One that cannot lie so lies close together.

    Raises
    ------
    InvalidArgument
        If there is not as much address space.
    """
    item = array.dtype.itemsize
    whole = (last_offset(array.shape) + 1 + 2 * GUARD) * item
    memory = reserved(whole).view(array.dtype)
    strides = tuple(stride * item for stride in far_strides(array.shape))
    inner = memory[GUARD:]
    view = np.lib.stride_tricks.as_strided(inner, array.shape, strides)
    axis = _axis(array.shape) or 0
    count, step = array.shape[axis], far_strides(array.shape)[axis]
    size = array.size // count
    starts = [place * step for place in range(count)]
    pieces = tuple(memory[start : start + size + 2 * GUARD] for start in starts)
    for piece in pieces:
        piece[:GUARD] = piece[-GUARD:] = poison(array)
    view[...] = array
    return Placed(view, pieces[0], pieces)


__all__ = ["FAR", "far_strides", "is_far", "last_offset", "place_far", "reserved"]
