"""The steps of which right and wrong caches of keys and values are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.kernels import tiled_attention

Pair = tuple[Array, Array]


@dataclasses.dataclass
class Room:
    """Where a cache keeps its tokens, and what it knows of them."""

    keys: Array
    values: Array
    lengths: Array
    notes: dict[Any, Any] = dataclasses.field(default_factory=dict)
    """What else it remembers."""

    @property
    def slots(self) -> int:
        """For how many tokens of each sequence there is room."""
        return self.keys.shape[2]

    def token(self, at: int) -> int:
        """Return how many tokens a sequence has."""
        return int(self.lengths[at])


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question to one sequence: its queries, and how they see."""

    at: int
    query: Array
    causal: bool
    window: Window | None
    options: dict[str, Any]


def doubled(room: Room, most: int) -> None:
    """Make room for so many tokens, by doubling what there is."""
    while room.slots < most:
        more = ((0, 0), (0, 0), (0, room.slots), (0, 0))
        room.keys, room.values = (np.pad(a, more) for a in (room.keys, room.values))


def at_the_end(room: Room, at: int, count: int) -> Array:
    """Return the slots behind those that are taken."""
    return room.token(at) + np.arange(count)


def stored(room: Room, at: int, slots: Array, key: Array, value: Array) -> None:
    """Write keys and values (H, n, E) to slots."""
    room.keys[at, :, slots] = key.swapaxes(0, 1)
    room.values[at, :, slots] = value.swapaxes(0, 1)


def counted(room: Room, at: int, count: int) -> None:
    """Count the new tokens."""
    room.lengths[at] += count


def cut(room: Room, at: int, length: int) -> None:
    """Keep the first tokens."""
    room.lengths[at] = length


def cleared(room: Room, at: int) -> None:
    """Keep no token."""
    room.lengths[at] = 0


def taken(room: Room, asked: Asked) -> Array:
    """Return the slots that are read, in the order of the tokens."""
    return np.arange(room.token(asked.at))


def near(room: Room, asked: Asked, slots: Array) -> Array:
    """Return what causality and window show (L, S): the last query is at the end."""
    return seen_from(room.token(asked.at) - asked.query.shape[1], asked, slots)


def seen_from(start: int, asked: Asked, tokens: Array) -> Array:
    """Return what is shown (L, S) where the first query stands at a token."""
    distance = start + np.arange(asked.query.shape[1])[:, None] - tokens
    left, right = asked.window or (None, None)
    seen = np.ones(distance.shape, np.bool_)
    if asked.causal:
        seen &= distance >= 0
    if left is not None:
        seen &= distance <= left
    return seen if right is None else seen & (-distance <= right)


def at_once(asked: Asked, key: Array, value: Array, seen: Array) -> Pair:
    """Attend to keys and values (H, S, E) that are seen (L, S)."""
    found: Any = tiled_attention(
        asked.query[None],
        key[None],
        value[None],
        mask=seen,
        return_lse=True,
        **asked.options,
    )
    return found


def nothing(room: Room, asked: Asked) -> None:
    """Leave the cache as it is when it has answered."""


@dataclasses.dataclass(frozen=True)
class Caching:
    """Makes caches, which do their work in steps of their own.

    Parameters
    ----------
    grow
        Makes room for so many tokens.
    slots
        Says where the next tokens of a sequence are written.
    store
        Writes them there.
    count
        Counts them.
    cut, clear
        Keep the first tokens of a sequence, or none.
    read
        Says which slots a question reads.
    see
        Says which of them each query sees.
    attend
        Attends to them.
    after
        What is done when a question has been answered.
    made
        What is done when a cache is made.
    least
        For how many tokens there is room where nobody says so.
    """

    grow: Callable[[Room, int], None] = doubled
    slots: Callable[[Room, int, int], Array] = at_the_end
    store: Callable[[Room, int, Array, Array, Array], None] = stored
    count: Callable[[Room, int, int], None] = counted
    cut: Callable[[Room, int, int], None] = cut
    clear: Callable[[Room, int], None] = cleared
    read: Callable[[Room, Asked], Array] = taken
    see: Callable[[Room, Asked, Array], Array] = near
    attend: Callable[[Asked, Array, Array, Array], Pair] = at_once
    after: Callable[[Room, Asked], None] = nothing
    made: Callable[[Room], None] = lambda room: None  # noqa: ARG005 - a step's form
    least: int = 4

    def __call__(
        self,
        batch: int,
        key_heads: int,
        width: int,
        value_width: int,
        dtype: Any,
        capacity: int | None = None,
    ) -> Cache:
        """Make a cache."""
        slots = self.least if capacity is None else capacity
        keys, values = (
            np.zeros((batch, key_heads, slots, n), dtype) for n in (width, value_width)
        )
        room = Room(keys, values, np.zeros(batch, np.int64))
        self.made(room)
        return Cache(self, room)


class Cache:
    """A cache."""

    def __init__(self, steps: Caching, room: Room) -> None:
        """Work in these steps, in this room."""
        self._steps = steps
        self._room = room

    def _places(self, sequence: int | None) -> range:
        """Return the sequences that are meant: one, or all of them."""
        if sequence is None:
            return range(len(self._room.lengths))
        return range(sequence, sequence + 1)

    def append(self, key: Array, value: Array, *, sequence: int | None = None) -> None:
        """Append tokens."""
        steps, room, count = self._steps, self._room, key.shape[2]
        steps.grow(room, int(room.lengths.max()) + count)
        for row, at in enumerate(self._places(sequence)):
            slots = steps.slots(room, at, count)
            steps.store(room, at, slots, key[row], value[row])
            steps.count(room, at, count)

    def attend(
        self,
        query: Array,
        *,
        sequence: int | None = None,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Answer queries."""
        options = {"softcap": softcap, "sink": sink, "scale": scale}
        found = []
        for row, at in enumerate(self._places(sequence)):
            asked = Asked(at, query[row], causal, window, options)
            found.append(self._answered(asked))
            self._steps.after(self._room, asked)
        output, lse = (np.concatenate(each) for each in zip(*found, strict=True))
        return (output, lse) if return_lse else output

    def _answered(self, asked: Asked) -> Pair:
        """Return output and logsumexp of a question, with an axis of one sequence."""
        steps, room = self._steps, self._room
        slots = steps.read(room, asked)
        seen = steps.see(room, asked, slots)
        inside = np.clip(slots, 0, room.slots - 1)
        key, value = (a[asked.at][:, inside] for a in (room.keys, room.values))
        with np.errstate(all="ignore"):
            return steps.attend(asked, key, value, seen)

    def truncate(self, length: int, *, sequence: int | None = None) -> None:
        """Keep the first tokens."""
        for at in self._places(sequence):
            self._steps.cut(self._room, at, length)

    def reset(self, *, sequence: int | None = None) -> None:
        """Keep no token."""
        for at in self._places(sequence):
            self._steps.clear(self._room, at)

    def get_seq_length(self) -> Array:
        """Say how many tokens there are."""
        return self._room.lengths.copy()

    def keys(self) -> Array:
        """Return the keys, and the room behind them."""
        return self._room.keys

    def values(self) -> Array:
        """Return the values, and the room behind them."""
        return self._room.values


__all__ = [
    "Asked",
    "Cache",
    "Caching",
    "Pair",
    "Room",
    "at_once",
    "at_the_end",
    "cleared",
    "counted",
    "cut",
    "doubled",
    "near",
    "seen_from",
    "stored",
    "taken",
]
