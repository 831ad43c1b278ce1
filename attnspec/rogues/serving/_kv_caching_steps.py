"""Steps that are wrong, and unusual ones, of caches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from attnspec._typing import Array, Window
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import merge_all
from attnspec.rogues.serving._kv_caching import (
    Asked,
    Pair,
    Room,
    at_once,
    counted,
    cut,
    seen_from,
    stored,
    taken,
)


def from_zero(room: Room, at: int, count: int) -> Array:  # noqa: ARG001 - a step's form
    """Write new tokens to the first slots."""
    return np.arange(count)


def over_the_last(room: Room, at: int, count: int) -> Array:
    """Write new tokens from the last one on, as if there were one less."""
    return max(0, room.token(at) - 1) + np.arange(count)


def less_one(room: Room, at: int, count: int) -> None:
    """Count new tokens that took the place of the last one."""
    room.lengths[at] += count - (room.token(at) > 0)


def values_once(room: Room, at: int, slots: Array, key: Array, value: Array) -> None:
    """Write values with the first tokens alone."""
    first = value if room.token(at) == 0 else np.zeros_like(value)
    stored(room, at, slots, key, first)


def rounded(room: Room, at: int, slots: Array, key: Array, value: Array) -> None:
    """Keep keys in 16 bits."""
    stored(room, at, slots, key.astype(np.float16).astype(key.dtype), value)


def in_every_sequence(
    room: Room, at: int, slots: Array, key: Array, value: Array
) -> None:
    """Write the tokens of a sequence to those behind it, too."""
    for each in range(at, len(room.lengths)):
        stored(room, each, slots, key, value)


def referred(room: Room, at: int, slots: Array, key: Array, value: Array) -> None:
    """Write keys, and remember the values where the caller has them."""
    stored(room, at, slots, key, value)
    room.notes.setdefault(at, []).append((slots, value))


def from_the_caller(room: Room, asked: Asked) -> Array:
    """Read the values where the caller has had them."""
    for slots, value in room.notes.get(asked.at, ()):
        room.values[asked.at, :, slots] = value.swapaxes(0, 1)
    return taken(room, asked)


def keys_alone(room: Room, most: int) -> None:
    """Grow, and take the keys along."""
    if room.slots < most:
        more = ((0, 0), (0, 0), (0, most - room.slots), (0, 0))
        room.keys = np.pad(room.keys, more)
        shape = (*room.keys.shape[:3], room.values.shape[3])
        room.values = np.zeros(shape, room.values.dtype)


def kept(room: Room, at: int, length: int) -> None:
    """Take nothing back."""


def high_water(room: Room, at: int, length: int) -> None:
    """Take tokens back, and remember how many there were."""
    room.notes[at] = max(room.notes.get(at, 0), room.token(at))
    cut(room, at, length)


def up_to_high_water(room: Room, asked: Asked) -> Array:
    """Read as many slots as have ever been taken."""
    return np.arange(max(room.notes.get(asked.at, 0), room.token(asked.at)))


def the_first_gone(room: Room, at: int, length: int) -> None:
    """Take back the first tokens in place of the last."""
    gone = room.token(at) - length
    for array in (room.keys, room.values):
        array[at] = np.roll(array[at], -gone, axis=1)
    cut(room, at, length)


def zeroed(room: Room, at: int) -> None:
    """Fill the slots with zeros, and leave the length."""
    room.keys[at] = room.values[at] = 0


def planned(room: Room, asked: Asked) -> Array:
    """Read what the first question has read."""
    return np.asarray(room.notes.setdefault(asked.at, taken(room, asked)))


def whole_room(room: Room, asked: Asked) -> Array:  # noqa: ARG001 - a step's form
    """Read every slot."""
    return np.arange(room.slots)


def as_the_first(room: Room, asked: Asked) -> Array:
    """Read as many slots as the first sequence has taken."""
    del asked
    return np.arange(room.token(0))


def at_least_one(room: Room, asked: Asked) -> Array:
    """Read a slot where there is no token."""
    return np.arange(max(1, room.token(asked.at)))


def the_last_chunk(room: Room, asked: Asked) -> Array:
    """Let several queries read what came last, as a prefill does."""
    if asked.query.shape[1] == 1:
        return taken(room, asked)
    start = room.notes.get(asked.at, 0)
    return np.arange(min(start, room.token(asked.at) - 1), room.token(asked.at))


def noting_chunks(room: Room, at: int, count: int) -> None:
    """Count new tokens, and remember where they begin."""
    room.notes[at] = room.token(at)
    counted(room, at, count)


def one_more(room: Room, asked: Asked) -> None:
    """Count a token for each question."""
    if room.token(asked.at) < room.slots:
        room.lengths[asked.at] += 1


def from_the_first(room: Room, asked: Asked, slots: Array) -> Array:
    """Let the first query stand at the first token."""
    del room
    return seen_from(0, asked, slots)


def early(room: Room, asked: Asked, slots: Array) -> Array:
    """Let the oldest token of a window go one too early."""
    left, right = asked.window or (None, None)
    window: Window = (None if left is None else max(0, left - 1), right)
    narrow = Asked(asked.at, asked.query, asked.causal, window, asked.options)
    return seen_from(room.token(asked.at) - asked.query.shape[1], narrow, slots)


class Shared:
    """Empties the cache that was made before: all have one room."""

    def __init__(self) -> None:
        """Begin without any."""
        self._last: Room | None = None

    def __call__(self, room: Room) -> None:
        """Take the room of the last one."""
        if self._last is not None:
            self._last.lengths[:] = 0
        self._last = room


def in_parts(size: int) -> Callable[[Asked, Array, Array, Array], Pair]:
    """Return what attends to so many keys at a time, and merges what it found."""

    def attend(asked: Asked, key: Array, value: Array, seen: Array) -> Pair:
        wide = working_dtype(asked.query.dtype)
        query, key, value = (a.astype(wide) for a in (asked.query, key, value))
        parts = []
        for start in range(0, max(1, key.shape[1]), size):
            own = slice(start, start + size)
            options = asked.options | ({"sink": None} if start else {})
            some = dataclasses.replace(asked, query=query, options=options)
            parts.append(at_once(some, key[:, own], value[:, own], seen[:, own]))
        output, lse = merge_all(parts)
        return output.astype(asked.query.dtype), lse.astype(wide)

    return attend


def one_by_one(asked: Asked, key: Array, value: Array, seen: Array) -> Pair:
    """Attend with one query at a time, to the keys that it sees."""
    found = []
    for row, own in enumerate(seen):
        some = dataclasses.replace(asked, query=asked.query[:, row : row + 1])
        found.append(at_once(some, key[:, own], value[:, own], own[None, own]))
    outputs, lses = zip(*found, strict=True)
    return np.concatenate(outputs, axis=2), np.concatenate(lses, axis=2)


def exactly(room: Room, most: int) -> None:
    """Make room for no more tokens than there are."""
    more = ((0, 0), (0, 0), (0, max(0, most - room.slots)), (0, 0))
    room.keys, room.values = (np.pad(a, more) for a in (room.keys, room.values))


__all__ = [
    "Shared",
    "as_the_first",
    "at_least_one",
    "early",
    "exactly",
    "from_the_caller",
    "from_the_first",
    "from_zero",
    "high_water",
    "in_every_sequence",
    "in_parts",
    "kept",
    "keys_alone",
    "less_one",
    "noting_chunks",
    "one_by_one",
    "one_more",
    "over_the_last",
    "planned",
    "referred",
    "rounded",
    "the_first_gone",
    "the_last_chunk",
    "up_to_high_water",
    "values_once",
    "whole_room",
    "zeroed",
]
