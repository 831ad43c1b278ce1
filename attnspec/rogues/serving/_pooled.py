"""Caches whose sequences take pages out of one pool, and give them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kernels import tiled_attention

_PAGE = 2
"""Slots of a page."""

Owners = dict[int, dict[int, int]]
"""For each page the sequences that have it, and which of their pages it is."""


def given_up(owners: Owners, page: int, sequence: int) -> None:
    """Take a page away from a sequence that has given it back."""
    del owners[page][sequence]


def not_given_up(owners: Owners, page: int, sequence: int) -> None:
    """Leave a page to a sequence that has given it back."""


@dataclasses.dataclass(frozen=True)
class Pooling:
    """Makes caches of one pool of pages.

    Parameters
    ----------
    erase
        Notes that a sequence has given a page back.
    """

    erase: Callable[[Owners, int, int], None] = given_up

    def __call__(
        self, batch: int, kv_heads: int, head_dim: int, value_dim: int, dtype: Any
    ) -> Pool:
        """Make a cache."""
        widths = head_dim, value_dim
        none = tuple(np.zeros((0, kv_heads, _PAGE, n), dtype) for n in widths)
        return Pool(none, batch, self.erase)


class Pool:
    """A cache of one pool of pages; what reads it asks of each page whose it is."""

    def __init__(
        self,
        pages: tuple[Array, ...],
        batch: int,
        erase: Callable[[Owners, int, int], None],
    ) -> None:
        """Begin without tokens."""
        self._pages = pages
        self._erase = erase
        self._owners: Owners = {}
        self._tables: list[list[int]] = [[] for _ in range(batch)]
        self._lengths = [0] * batch
        self._free: list[int] = []

    def _asked(self, sequence: int | None) -> range:
        """Return the sequences that are meant: one, or all of them."""
        return (
            range(len(self._lengths))
            if sequence is None
            else range(sequence, sequence + 1)
        )

    def append(self, key: Array, value: Array, *, sequence: int | None = None) -> None:
        """Append tokens."""
        for row, at in enumerate(self._asked(sequence)):
            for token in range(key.shape[2]):
                page, slot = self._next(at)
                for pages, new in zip(self._pages, (key, value), strict=True):
                    pages[page, :, slot] = new[row, :, token]

    def _next(self, at: int) -> tuple[int, int]:
        """Return page and slot of the next token of a sequence."""
        slot = self._lengths[at] % _PAGE
        if not slot:
            page = self._taken()
            self._owners.setdefault(page, {})[at] = len(self._tables[at])
            self._tables[at].append(page)
        self._lengths[at] += 1
        return self._tables[at][-1], slot

    def _taken(self) -> int:
        """Return a page that is free, with what has been in it."""
        if self._free:
            return self._free.pop()
        more = ((0, 1), (0, 0), (0, 0), (0, 0))
        self._pages = tuple(np.pad(pages, more) for pages in self._pages)
        return len(self._pages[0]) - 1

    def attend(self, query: Array, *, sequence: int | None = None) -> Array:
        """Answer queries, which see all that there is."""
        found = [
            tiled_attention(query[row : row + 1], *self._read(at))
            for row, at in enumerate(self._asked(sequence))
        ]
        return np.concatenate(found)

    def _read(self, at: int) -> list[Array]:
        """Return keys and values (1, H, n, E) of the pages that a sequence has."""
        own = sorted((o[at], page) for page, o in self._owners.items() if at in o)
        places = [
            (page, slot)
            for place, page in own
            for slot in range(_PAGE)
            if place * _PAGE + slot < self._lengths[at]
        ]
        which, slots = np.array(places, np.intp).reshape(-1, 2).T
        return [pages[which, :, slots].swapaxes(0, 1)[None] for pages in self._pages]

    def truncate(self, length: int, *, sequence: int | None = None) -> None:
        """Keep the first tokens; pages without any are free."""
        for at in self._asked(sequence):
            self._lengths[at] = length
            while len(self._tables[at]) > -(-length // _PAGE):
                page = self._tables[at].pop()
                self._erase(self._owners, page, at)
                self._free.append(page)

    def reset(self, *, sequence: int | None = None) -> None:
        """Keep no token."""
        self.truncate(0, sequence=sequence)


__all__ = ["Pooling", "not_given_up"]
