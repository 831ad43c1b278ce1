"""Caches that keep their tokens otherwise than in one row of slots."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.kernels import tiled_attention


def around(tokens: Array, slots: int) -> Array:
    """Return the slots of tokens in a ring."""
    return tokens % slots


def straight(tokens: Array, slots: int) -> Array:
    """Return the slots of tokens in a row, of which the last one is read for all."""
    return np.minimum(tokens, slots - 1)


@dataclasses.dataclass(frozen=True)
class Ringed:
    """Makes caches that keep as many tokens as a window shows, in a ring.

    Parameters
    ----------
    kept
        How many tokens there are in a window that reaches so far back.
    read
        Says in which slots tokens are read.
    """

    kept: Callable[[int], int] = lambda left: left + 1
    read: Callable[[Array, int], Array] = around

    def __call__(
        self,
        batch: int,
        key_heads: int,
        width: int,
        value_width: int,
        dtype: Any,
        window: Window | None = None,
    ) -> Ring:
        """Make a ring; without a window it is so large that it never closes."""
        left = 4_095 if window is None or window[0] is None else window[0]
        slots = max(1, self.kept(left))
        keys, values = (
            np.zeros((batch, key_heads, slots, n), dtype) for n in (width, value_width)
        )
        return Ring(keys, values, self.read)


class Ring:
    """A cache of the last tokens."""

    def __init__(
        self, keys: Array, values: Array, read: Callable[[Array, int], Array]
    ) -> None:
        """Begin without tokens."""
        self._keys, self._values, self._read = keys, values, read
        self._length = 0

    def append(self, key: Array, value: Array) -> None:
        """Append tokens; the oldest ones make room."""
        slots, count = self._keys.shape[2], key.shape[2]
        last = np.arange(count)[-slots:]
        there = around(self._length + last, slots)
        self._keys[:, :, there] = key[:, :, last]
        self._values[:, :, there] = value[:, :, last]
        self._length += count

    def attend(self, query: Array) -> Array:
        """Answer one query, which sees all that there is."""
        slots = self._keys.shape[2]
        tokens = np.arange(self._length)[-slots:]
        places = self._read(tokens, slots)
        found: Any = tiled_attention(
            query, self._keys[:, :, places], self._values[:, :, places]
        )
        return np.asarray(found)

    def reset(self) -> None:
        """Keep no token."""
        self._length = 0


class Sliding:
    """A cache of the tokens that the queries of the last chunk see, and of no more."""

    def __init__(
        self,
        batch: int,
        key_heads: int,
        width: int,
        value_width: int,
        dtype: Any,
        window: Window | None = None,
    ) -> None:
        """Begin without tokens; without a window all of them are kept."""
        self._keys, self._values = (
            np.zeros((batch, key_heads, 0, n), dtype) for n in (width, value_width)
        )
        self._window = window

    def append(self, key: Array, value: Array) -> None:
        """Append tokens, and forget those that are out of sight."""
        pairs = (self._keys, key), (self._values, value)
        self._keys, self._values = (np.concatenate(pair, axis=2) for pair in pairs)
        left = None if self._window is None else self._window[0]
        if left is not None:
            here = np.s_[:, :, -self._seen(left, key.shape[2]) :]
            self._keys, self._values = self._keys[here], self._values[here]

    def _seen(self, left: int, chunk: int) -> int:
        """Return how many tokens the queries of a chunk see, looking so far back."""
        return left + chunk

    def attend(self, query: Array) -> Array:
        """Answer queries, of which the last one stands at the last token."""
        arrays: Any = query, self._keys, self._values
        return np.asarray(tiled_attention(*arrays, window=self._window))


class ShortSliding(Sliding):
    """Keeps what the last query of a chunk sees, and the chunk."""

    def _seen(self, left: int, chunk: int) -> int:
        """Return how many tokens the last query sees, or came."""
        return max(left + 1, chunk)


class Concatenated:
    """A cache of arrays that are joined anew for each token, tokens before heads."""

    def __init__(self, *, causal: bool = False) -> None:
        """Begin without tokens."""
        self._causal = causal
        self._chunks: list[tuple[Array, Array]] = []

    def put(self, k: Array, v: Array) -> None:
        """Append tokens."""
        chunks = [*self._chunks, (k.copy(), v.copy())]
        keys, values = (np.concatenate(c, axis=1) for c in zip(*chunks, strict=True))
        self._chunks = [(keys, values)]

    def ask(self, q: Array, *, scale: float | None = None) -> Array:
        """Answer queries."""
        ((keys, values),) = self._chunks
        arrays = (each.swapaxes(1, 2) for each in (q, keys, values))
        found: Any = tiled_attention(*arrays, causal=self._causal, scale=scale)
        return np.asarray(found).swapaxes(1, 2)

    def drop(self, count: int) -> None:
        """Take back the last tokens."""
        ((keys, values),) = self._chunks
        left = keys.shape[1] - count
        self._chunks = [(keys[:, :left], values[:, :left])]

    def forget(self) -> None:
        """Keep no token."""
        self._chunks = []


class Listed:
    """A cache that returns all that it has, as those of transformers do."""

    def __init__(self) -> None:
        """Begin without tokens."""
        self._tokens: list[tuple[Array, Array]] = []

    def update(self, key_states: Array, value_states: Array, layer_idx: int) -> Any:
        """Append tokens, and return all of them."""
        del layer_idx
        columns = np.s_[:, :, None]
        for at in range(key_states.shape[2]):
            pair = key_states[:, :, at].copy(), value_states[:, :, at].copy()
            self._tokens.append(pair)
        pairs = zip(*self._tokens, strict=True)
        found = [np.concatenate([t[columns] for t in each], axis=2) for each in pairs]
        return tuple(found)

    def crop(self, tokens_to_remove: int) -> None:
        """Take back the last tokens, of which there are so many less than none."""
        del self._tokens[tokens_to_remove:]

    def reset(self) -> None:
        """Keep no token."""
        self._tokens.clear()

    def get_seq_length(self) -> int:
        """Say how many tokens there are."""
        return len(self._tokens)


class Paged:
    """A cache of pages of four slots, which are taken and given back one by one."""

    def __init__(
        self, batch: int, kv_heads: int, head_dim: int, value_dim: int, dtype: Any
    ) -> None:
        """Begin without pages."""
        self._shapes = (batch, kv_heads, 4, head_dim), (batch, kv_heads, 4, value_dim)
        self._dtype = dtype
        self._pages: list[tuple[Array, Array]] = []
        self._free: list[tuple[Array, Array]] = []
        self._length = 0

    def append(self, key: Array, value: Array) -> None:
        """Append tokens."""
        for at in range(key.shape[2]):
            if self._length == 4 * len(self._pages):
                self._pages.append(self._page())
            keys, values = self._pages[-1]
            slot = self._length % 4
            keys[:, :, slot], values[:, :, slot] = key[:, :, at], value[:, :, at]
            self._length += 1

    def _page(self) -> tuple[Array, Array]:
        """Return a page that is free, with what has been in it."""
        if self._free:
            return self._free.pop()
        keys, values = (np.full(n, 7.0).astype(self._dtype) for n in self._shapes)
        return keys, values

    def attend(
        self,
        query: Array,
        *,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
    ) -> Array:
        """Answer queries."""
        keys, values = (
            np.concatenate(each, axis=2)[:, :, : self._length]
            for each in zip(*self._pages, strict=True)
        )
        options: Any = {"causal": causal, "window": window, "softcap": softcap}
        return np.asarray(tiled_attention(query, keys, values, **options))

    def truncate(self, length: int) -> None:
        """Keep the first tokens; pages without any are free."""
        self._length = length
        while len(self._pages) > -(-length // 4):
            self._free.append(self._pages.pop())

    def reset(self) -> None:
        """Keep no token."""
        self.truncate(0)


__all__ = [
    "Concatenated",
    "Listed",
    "Paged",
    "Ringed",
    "ShortSliding",
    "Sliding",
    "straight",
]
