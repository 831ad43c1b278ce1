"""The steps of which right and wrong attention over a cache is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues.serving._padding import Call, Pair, attended, by_lengths, near


@dataclasses.dataclass(frozen=True)
class Kept:
    """A call: its arrays and its options."""

    query: Array
    key_cache: Array
    value_cache: Array
    lengths: Array
    key: Array | None
    value: Array | None
    slots: Array
    left_pad: Array
    cosine: Array | None
    sine: Array | None
    interleaved: bool
    causal: bool
    window: Window | None
    options: dict[str, Any]

    @property
    def new(self) -> int:
        """How many new tokens each sequence has."""
        return 0 if self.key is None else self.key.shape[1]

    @property
    def total(self) -> Array:
        """How many tokens each sequence has after the call."""
        return self.lengths + self.new

    @property
    def capacity(self) -> int:
        """For how many tokens of each sequence there is room."""
        return self.key_cache.shape[1]

    def replace(self, **changes: Any) -> Kept:
        """Return the same call with some of it changed."""
        return dataclasses.replace(self, **changes)


Rows = tuple[Array, Array]
"""By which rows of the tables queries and new keys are turned (B, N)."""


def as_given(kept: Kept) -> Kept:
    """Return the call."""
    return kept


def before(kept: Kept) -> Array:
    """Return where the first new token of each sequence goes."""
    return kept.lengths


def by_place(kept: Kept) -> Rows:
    """Turn each token by its place."""
    rows = kept.lengths[:, None] + np.arange(kept.new)
    return rows, rows


def turned(kept: Kept, x: Array, rows: Array) -> Array:
    """Return vectors turned by rows of the tables, in the working format."""
    if kept.cosine is None or kept.sine is None:
        return x
    width, wide = 2 * kept.cosine.shape[1], working_dtype(x.dtype)
    cosine, sine = (a[rows][:, :, None].astype(wide) for a in (kept.cosine, kept.sine))
    found = x.astype(wide)
    halves = slice(0, width // 2), slice(width // 2, width)
    first, second = (
        (slice(0, width, 2), slice(1, width, 2)) if kept.interleaved else halves
    )
    one, two = found[..., first].copy(), found[..., second].copy()
    found[..., first] = cosine * one - sine * two
    found[..., second] = sine * one + cosine * two
    return found.astype(x.dtype)


def stored(kept: Kept, starts: Array) -> None:
    """Write new tokens behind these places."""
    if kept.key is None or kept.value is None:
        return
    for cache, tokens in ((kept.key_cache, kept.key), (kept.value_cache, kept.value)):
        for slot, start, row in zip(kept.slots, starts, tokens, strict=True):
            end = min(start + len(row), kept.capacity)
            cache[slot, start:end] = row[: max(0, end - start)]


def behind_padding(kept: Kept) -> tuple[Array, Array]:
    """Return where the tokens of each sequence begin, and how many there are."""
    first = np.minimum(kept.left_pad, kept.total)
    return first, kept.total - first


def gathered(kept: Kept, starts: Array) -> Pair:
    """Return keys and values (B, H, S, E) from these places on."""
    places = starts[:, None] + np.arange(kept.capacity)
    inside = np.clip(places, 0, kept.capacity - 1)
    key, value = (
        a[kept.slots[:, None], inside].swapaxes(1, 2)
        for a in (kept.key_cache, kept.value_cache)
    )
    return key, value


def padded(kept: Kept, read: Pair, lengths: Array) -> Call:
    """Return the call with the tokens of each sequence in a padded array."""
    rest: Any = None, lengths, None, None, kept.causal, kept.window, kept.options
    return Call(kept.query.swapaxes(1, 2), *read, *rest)


def answered(kept: Kept, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return output, lse


@dataclasses.dataclass(frozen=True)
class Caching:
    """What is called with caches, and answers in steps of its own."""

    read: Callable[[Kept], Kept] = as_given
    starts: Callable[[Kept], Array] = before
    rows: Callable[[Kept], Rows] = by_place
    turn: Callable[[Kept, Array, Array], Array] = turned
    store: Callable[[Kept, Array], None] = stored
    reads_first: bool = False
    tokens: Callable[[Kept], tuple[Array, Array]] = behind_padding
    gather: Callable[[Kept, Array], Pair] = gathered
    frontier: Callable[[Call, tuple[Array, Array]], Array] = by_lengths
    seen: Callable[[Call, Array], Array] = near
    attend: Callable[[Call, Array, tuple[Array, Array]], Pair] = attended
    finish: Callable[[Kept, Array, Array], Pair] = answered

    def __call__(  # noqa: PLR0913 - the face of the field
        self,
        query: Array,
        key_cache: Array,
        value_cache: Array,
        lengths: Array,
        *,
        key: Array | None = None,
        value: Array | None = None,
        slots: Array | None = None,
        left_pad: Array | None = None,
        cosine: Array | None = None,
        sine: Array | None = None,
        interleaved: bool = True,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Append, and attend to the tokens of each sequence."""
        batch = np.arange(len(query))
        kept = Kept(
            query,
            key_cache,
            value_cache,
            np.asarray(lengths),
            key,
            value,
            batch if slots is None else slots,
            0 * batch if left_pad is None else left_pad,
            cosine,
            sine,
            interleaved,
            causal,
            window,
            {"softcap": softcap, "sink": sink, "scale": scale},
        )
        kept = self.read(kept)
        if kept.key is not None:
            queries, keys = self.rows(kept)
            kept = kept.replace(
                query=self.turn(kept, kept.query, queries),
                key=self.turn(kept, kept.key, keys),
            )
        output, lse = self._through(kept)
        output = output.swapaxes(1, 2).astype(query.dtype, copy=False)
        return (output, lse) if return_lse else output

    def _through(self, kept: Kept) -> Pair:
        """Write and read, in one order or the other, and attend to what was read."""
        starts = self.starts(kept)
        if not self.reads_first:
            self.store(kept, starts)
        first, counts = self.tokens(kept)
        call = padded(kept, self.gather(kept, first), counts)
        if self.reads_first:
            call = call.replace(key=call.key.copy(), value=call.value.copy())
            self.store(kept, starts)
        sizes = np.full_like(counts, kept.query.shape[1]), counts
        visible = self.seen(call, self.frontier(call, sizes))
        with np.errstate(all="ignore"):
            found = self.attend(call, visible, sizes)
            return self.finish(kept, *found)


class AlwaysCausal(Caching):
    """Attends causally in every call, and has no flag for it."""

    def __call__(  # type: ignore[override]
        self,
        query: Array,
        key_cache: Array,
        value_cache: Array,
        lengths: Array,
        *,
        key: Array,
        value: Array,
        scale: float | None = None,
    ) -> Any:
        """Append one token, and attend to all that there are."""
        given = query, key_cache, value_cache, lengths
        return super().__call__(*given, key=key, value=value, causal=True, scale=scale)


__all__ = [
    "AlwaysCausal",
    "Caching",
    "Kept",
    "Rows",
    "before",
    "behind_padding",
    "by_place",
    "gathered",
    "stored",
    "turned",
]
