"""Steps that are wrong, and unusual ones, of attention over a cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues.serving._caching import (
    Kept,
    Rows,
    before,
    behind_padding,
    by_place,
    gathered,
    stored,
    turned,
)
from attnspec.rogues.serving._padding import Call, Pair, near


def first_length(kept: Kept) -> Kept:
    """Take the length of the first sequence for that of all."""
    return kept.replace(lengths=np.broadcast_to(kept.lengths[:1], kept.lengths.shape))


def lengths_of_slots(kept: Kept) -> Kept:
    """Read the length of a sequence at its slot, as far as there are so many."""
    at = np.minimum(kept.slots, len(kept.lengths) - 1)
    return kept.replace(lengths=kept.lengths[at])


def half_lengths(kept: Kept) -> Kept:
    """Read lengths of 64 bits as if they had 32."""
    if kept.lengths.dtype != np.int64:
        return kept
    narrow = np.ascontiguousarray(kept.lengths).view(np.int32)
    return kept.replace(lengths=narrow[: len(kept.lengths)].astype(np.int64))


def first_slots(kept: Kept) -> Kept:
    """Take the sequences of the batch for the first of the cache."""
    return kept.replace(slots=np.arange(len(kept.slots)))


def after(kept: Kept) -> Kept:
    """Read lengths that count the new tokens, too."""
    return kept.replace(lengths=kept.lengths - kept.new)


def last(kept: Kept) -> Kept:
    """Read lengths that are the place of the last new token."""
    return kept.replace(lengths=kept.lengths + 1 - kept.new)


class Remembering:
    """Knows better than the call how long sequences are: it has counted."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._counted: dict[tuple[int, ...], Array] = {}

    def __call__(self, kept: Kept) -> Kept:
        """Take a sequence for as long as the last call left it."""
        shape = (*kept.key_cache.shape, *kept.query.shape[:1])
        counted = self._counted.get(shape)
        # What is far shorter is taken for another sequence.
        if counted is not None and np.all(counted - kept.lengths <= 3):
            fits = np.minimum(counted, kept.capacity - kept.new)
            kept = kept.replace(lengths=np.maximum(kept.lengths, fits))
        self._counted[shape] = np.asarray(kept.total)
        return kept


class KeepingSlots:
    """Reads slots once, and keeps them for as long as the cache has one shape."""

    def __init__(self) -> None:
        """Begin with none."""
        self._slots: dict[tuple[int, ...], Array] = {}

    def __call__(self, kept: Kept) -> Kept:
        """Take the slots of the first call with such arrays."""
        shape = (*kept.key_cache.shape, len(kept.slots))
        return kept.replace(slots=self._slots.setdefault(shape, kept.slots.copy()))


def from_the_front(kept: Kept) -> Array:
    """Write new tokens where the sequence begins."""
    return np.zeros_like(kept.lengths)


def one_too_far(kept: Kept) -> Array:
    """Write new tokens one place too far, where there is room."""
    room = kept.capacity - kept.new
    return np.minimum(kept.lengths + 1, np.maximum(room, kept.lengths))


def queries_from_zero(kept: Kept) -> Rows:
    """Turn queries by their number in the call."""
    rows, keys = by_place(kept)
    return np.broadcast_to(np.arange(kept.new), rows.shape), keys


def all_alike(kept: Kept) -> Rows:
    """Turn all queries by the place of the first, where no order is asked for."""
    rows, keys = by_place(kept)
    ordered = kept.causal or kept.window is not None
    return (rows if ordered else np.broadcast_to(rows[:, :1], rows.shape)), keys


def always_alike(kept: Kept) -> Rows:
    """Turn all queries by the place of the first."""
    rows, keys = by_place(kept)
    return np.broadcast_to(rows[:, :1], rows.shape), keys


def without_padding(kept: Kept) -> Rows:
    """Turn tokens by their places behind the padding."""
    rows, _ = by_place(kept)
    return rows - kept.left_pad[:, None], rows - kept.left_pad[:, None]


def half_width(kept: Kept, x: Array, rows: Array) -> Array:
    """Turn the first half of what should turn."""
    if kept.cosine is None or kept.sine is None:
        return x
    count = max(1, kept.cosine.shape[1] // 2)
    some = kept.replace(cosine=kept.cosine[:, :count], sine=kept.sine[:, :count])
    return turned(some, x, rows)


def backward(kept: Kept, x: Array, rows: Array) -> Array:
    """Turn in the other direction."""
    return turned(kept.replace(sine=None if kept.sine is None else -kept.sine), x, rows)


def halves(kept: Kept, x: Array, rows: Array) -> Array:
    """Turn one of each half together."""
    return turned(kept.replace(interleaved=False), x, rows)


def coarse(kept: Kept, x: Array, rows: Array) -> Array:
    """Read the tables in the format of half the bits."""
    if kept.cosine is None or kept.sine is None:
        return x
    tables = (a.astype(np.float16).astype(a.dtype) for a in (kept.cosine, kept.sine))
    cosine, sine = tables
    return turned(kept.replace(cosine=cosine, sine=sine), x, rows)


def nothing(kept: Kept, starts: Array) -> None:
    """Write into copies that nobody sees."""


def in_pairs(kept: Kept, starts: Array) -> None:
    """Write tokens in tiles of two, the last of them too."""
    stored(kept, starts)
    if kept.key is None or kept.new % 2 == 0:
        return
    for slot, end in zip(kept.slots, starts + kept.new, strict=True):
        if end < kept.capacity:
            kept.key_cache[slot, end] = kept.key[0, -1]


def by_key_width(kept: Kept, starts: Array) -> None:
    """Write as many numbers of a value as a key has."""
    if kept.value is None:
        return
    width = kept.query.shape[3]
    old = kept.value_cache[..., width:].copy()
    stored(kept, starts)
    kept.value_cache[..., width:] = old


def short(kept: Kept) -> tuple[Array, Array]:
    """Read one token too few."""
    first, counts = behind_padding(kept)
    return first, np.maximum(counts - 1, np.minimum(counts, 1))


def long(kept: Kept) -> tuple[Array, Array]:
    """Read one token too many, where there is room."""
    first, counts = behind_padding(kept)
    return first, np.minimum(counts + 1, kept.capacity - first)


def whole_room(kept: Kept) -> tuple[Array, Array]:
    """Read all that there is room for."""
    first, counts = behind_padding(kept)
    return first, np.where(counts > 0, kept.capacity - first, 0)


def chunk_alone(kept: Kept) -> tuple[Array, Array]:
    """Read several new tokens alone."""
    if kept.new < 2:
        return behind_padding(kept)
    return kept.lengths, np.full_like(kept.lengths, kept.new)


def cut_behind(kept: Kept) -> tuple[Array, Array]:
    """Leave out as many of the last tokens as there is padding before."""
    first, counts = behind_padding(kept)
    return np.zeros_like(first), counts


def turned_again(kept: Kept, starts: Array) -> Pair:
    """Turn the keys of earlier calls once more."""
    key, value = gathered(kept, starts)
    if kept.cosine is None or not kept.new:
        return key, value
    places = starts[:, None] + np.arange(key.shape[2])
    rows = np.clip(places, 0, len(kept.cosine) - 1)
    again = turned(kept, key.swapaxes(1, 2), rows).swapaxes(1, 2)
    old = (places < kept.lengths[:, None])[:, None, :, None]
    return np.where(old, again, key), value


def first_token_alone(call: Call, starts: Array) -> Array:
    """Let a single causal query stand at the first key."""
    single = call.causal and call.sizes[1] == 1
    return near(call, np.zeros_like(starts) if single else starts)


def one_less(call: Call, starts: Array) -> Array:
    """Let a window reach one key less to the left, but for the query's own."""
    left, right = call.window or (None, None)
    if not left:
        return near(call, starts)
    return near(call.replace(window=(left - 1, right)), starts)


def binary(kept: Kept, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return logsumexps to base two."""
    return output, lse / lse.dtype.type(np.log(2.0))


def lowest(kept: Kept, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return the lowest number for the logsumexp of none."""
    return output, np.maximum(lse, np.finfo(lse.dtype).min)


def one_token_at_a_time(kept: Kept, starts: Array) -> None:
    """Make caches anew, token by token, and put them in the place of the old ones."""
    if kept.key is None or kept.value is None:
        return
    for cache, tokens in ((kept.key_cache, kept.key), (kept.value_cache, kept.value)):
        fresh = cache.copy()
        for t in range(kept.new):
            fresh[kept.slots, starts + t] = tokens[:, t]
        np.copyto(cache, fresh)


def unrounded(kept: Kept, x: Array, rows: Array) -> Array:
    """Turn queries and keys, and round neither before the key is stored."""
    wide: Any = working_dtype(x.dtype)
    return turned(kept, x.astype(wide), rows)


__all__ = [
    "KeepingSlots",
    "Remembering",
    "after",
    "all_alike",
    "always_alike",
    "backward",
    "before",
    "binary",
    "by_key_width",
    "chunk_alone",
    "coarse",
    "cut_behind",
    "first_length",
    "first_slots",
    "first_token_alone",
    "from_the_front",
    "half_lengths",
    "half_width",
    "halves",
    "in_pairs",
    "last",
    "lengths_of_slots",
    "long",
    "lowest",
    "nothing",
    "one_less",
    "one_token_at_a_time",
    "one_too_far",
    "queries_from_zero",
    "short",
    "turned_again",
    "unrounded",
    "whole_room",
    "without_padding",
]
