"""Memory in which the arrays of a call lie, shared with the process that is called."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.process import not_standard
from attnspec.judge.case import Case
from attnspec.judge.far import FAR
from attnspec.judge.layouts import ALIGNMENT, Order, Placed, fresh_room, place

_LEAST = 1 << 16
"""Bytes that a region has at first."""


class Block:
    """The buffers of one call, one behind the other; the next call uses it again.

    Fresh memory for every call would cost more than all the rest of a call.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.placed: dict[str, Placed] = {}
        self.starts: dict[str, int] = {}
        self.size = 0
        self._sent = self._found = np.zeros(0, np.uint8)
        self._whole = True

    def lay(self, case: Case, orders: Mapping[str, Order] | None = None) -> None:
        """Place the arrays of a case, each in its layout and order of axes."""
        arrays = case.arrays()
        self._grow(sum(map(_most, arrays.values())))
        self.placed, self.starts, self.size = {}, {}, 0
        orders = orders or {}
        for name, array in arrays.items():
            self.starts[name] = self.size
            # What lies far apart travels close together: the other side places it.
            layout = case.layout(name)
            near = "contiguous" if layout == FAR else layout
            self.placed[name] = place(array, near, self._room, orders.get(name, ()))

    def _grow(self, size: int) -> None:
        if size > self._sent.size:
            # Zeros: what else this process holds is nothing for the kernel to see.
            room = max(_LEAST, 1 << (size - 1).bit_length())
            self._sent, self._found = (fresh_room(room) for _ in range(2))
            self._sent[...] = 0

    def _room(self, size: int) -> Array:
        start = self.size
        self.size += size + -size % ALIGNMENT
        return self._sent[start : start + size]

    @property
    def content(self) -> memoryview:
        """The bytes of all of it."""
        return self._sent[: self.size].data

    def receive(self, read_into: Callable[[memoryview], int]) -> None:
        """Read what the block holds after a call.

        `read_into` fills a buffer with it, and returns how many bytes there were.
        """
        self._whole = read_into(self._found[: self.size].data) == self.size

    def now(self, name: str) -> Array:
        """Return an array as it is after the call."""
        view = self.placed[name].view
        offset = view.ctypes.data - self._sent.ctypes.data
        return np.ndarray(view.shape, view.dtype, self._found, offset, view.strides)

    def changed(self) -> list[str]:
        """Return the names of the arrays that were written into, or beside."""
        sent, found = (b[: self.size].view("u8") for b in (self._sent, self._found))
        # Eight bytes at a time; the size is a multiple of 64.
        if self._whole and _same(sent, found):
            return []
        return [n for n in self.placed if not self._whole or self._written(n)]

    def _written(self, name: str) -> bool:
        where = slice(
            self.starts[name], self.starts[name] + self.placed[name].buffer.nbytes
        )
        return not _same(self._sent[where], self._found[where])


def _most(array: Array) -> int:
    """Return how many bytes an array may take: a sliced one lies in twice as much."""
    return int(2 * array.nbytes) + 16 * 2 * 64 + 2 * ALIGNMENT


def _same(one: Array, other: Array) -> bool:
    return bool((one == other).all())


class SharedMemory:
    """A file without a name, which another process maps.

    It is read and written, and not mapped, on this side: the other one could cut it
    short under a mapping. Every second call has a region of its own, because a
    function may return a view of what it was given, which the next call must not
    change.
    """

    def __init__(self) -> None:
        """Make an empty file."""
        if hasattr(os, "memfd_create"):
            self.descriptor = not_standard(os.memfd_create("attnspec"))
        else:
            with tempfile.TemporaryFile() as file:
                self.descriptor = not_standard(os.dup(file.fileno()))
        self._room = 0
        self._begin = 0
        self._second = False

    def write(self, content: memoryview) -> int:
        """Write a block, and return where it begins."""
        if len(content) > self._room:
            # What lies in the old regions may still be looked at.
            self._begin += 2 * self._room
            self._room = max(_LEAST, 1 << (len(content) - 1).bit_length())
            os.ftruncate(self.descriptor, self._begin + 2 * self._room)
        self._second = not self._second
        offset = self._begin + self._second * self._room
        written = 0
        while written < len(content):  # One call of the system may write less.
            written += os.pwrite(self.descriptor, content[written:], offset + written)
        return offset

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill a buffer, and return how many bytes there were."""
        found = 0
        while found < len(buffer):
            count = os.preadv(self.descriptor, [buffer[found:]], offset + found)
            if not count:  # The file has been cut short.
                break
            found += count
        return found

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


__all__ = ["Block", "SharedMemory"]
