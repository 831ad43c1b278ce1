"""Decoders that write the wrong tokens, and unusual ones that write the right ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, rogues_of
from attnspec.rogues.layers._attention_forms import Function, wide


def _read(reader: Array, key: Array, value: Array, query_weights: Array) -> Array:
    """Return what one reader takes from keys and values."""
    query = reader @ query_weights
    scores = key @ query * query.dtype.type(len(query) ** -0.5)
    sizes = np.exp(scores - scores.max())
    return np.asarray(sizes @ value / sizes.sum())


def _first_twice(pairs: Any, cached: bool) -> Any:  # noqa: FBT001 - passed on as it came
    """Read a slot of the cache that was not written yet, if there is a cache."""
    return [np.concatenate([p, 0 * p[:1]]) for p in pairs] if cached else pairs


@dataclasses.dataclass(frozen=True)
class _Decoder:
    """A greedy decoder with a cache, and with a place for each mistake."""

    keep: Callable[[Any, bool], Any] = lambda pairs, _: pairs
    stops: Callable[[int], int] = lambda stop: stop
    place: Callable[[int, bool], int] = lambda place, _cached: place
    see: Callable[[Array], Array] = lambda memory: memory
    pad: Callable[[int], int] = lambda stop: stop

    def __call__(self, *operands: Any, cached: bool = False) -> Array:
        """Evaluate it."""
        *arrays, start, stop, limit = operands
        z, table, places, mine, theirs, rate = wide(*arrays)
        known, z = [start], self.see(z)
        # An empty cache, to which every token adds one key and one value.
        key, value = np.zeros((2, 0, table.shape[1]), table.dtype)
        while len(known) <= limit and known[1:][-1:] != [self.stops(stop)]:
            x = table[known[-1]] + places[self.place(len(key), cached)]
            key = np.concatenate([key, (x @ mine[1])[None]])
            value = np.concatenate([value, (x @ mine[2])[None]])
            old, told = self.keep((key, value), cached)
            y = x + _read(x, old, told, mine[0])
            logits = (y + _read(y, z @ theirs[1], z @ theirs[2], theirs[0])) @ rate
            known.append(int(logits.argmax()))
        known += [self.pad(stop)] * (limit + 1 - len(known))
        return np.array(known[1 : limit + 1])


_CACHED: Function = _Decoder()


def _placed(memory: Array) -> Array:
    """Add the place to each member of the source, which nobody asked for."""
    return np.asarray(memory + np.arange(len(memory), dtype=memory.dtype)[:, None])


def _late(*arguments: Any) -> Array:
    """Look for the stop token at the end, among tokens that were shifted by one."""
    *parts, stop, limit = arguments
    tokens = _CACHED(*parts, -1, limit)
    found = np.flatnonzero(tokens[:-1] == stop)
    if len(found):
        tokens[found[0] + 2 :] = stop
    return np.asarray(tokens)


def _stretched(*arguments: Any) -> Array:
    """Stretch the positions over the limit, as if all of it would be written."""
    memory, embedding, positions, *rest, limit = arguments
    spread = positions[np.arange(limit + 1) * 4 // (limit + 3)]
    return _CACHED(memory, embedding, spread, *rest, limit)


def _anew(*arguments: Any) -> Array:
    """Read everything again for each token, all positions at once, in columns."""
    *parts, start, stop, limit = arguments
    z, table, places, mine, theirs, rate = wide(*parts)
    tokens = [start]
    while len(tokens) <= limit:
        x = (table[tokens] + places[: len(tokens)]).T
        y = x + _columns(x, x, mine, np.tri(len(tokens)).T > 0)
        seen = np.ones((len(z), len(tokens)), bool)
        logits = rate.T @ (y + _columns(y, z.T, theirs, seen))
        tokens.append(int(logits[:, -1].argmax()))
        if tokens[-1] == stop:
            break
    return np.array(tokens[1:] + [stop] * (limit + 1 - len(tokens)), np.int32)


def _columns(readers: Array, members: Array, by: Array, seen: Array) -> Array:
    """Attend with vectors as columns."""
    scores = (by[1].T @ members).T @ (by[0].T @ readers)
    scores = np.where(seen, scores / scores.dtype.type(len(readers) ** 0.5), -np.inf)
    sizes = np.exp(scores - scores.max(0))
    return np.asarray((by[2].T @ members) @ (sizes / sizes.sum(0)))


_rogue = rogues_of("decoding")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "endless",
        "dropped-option",
        "It never stops before the limit.",
        _Decoder(stops=lambda _stop: -1),
        "behind",
    ),
    _rogue(
        "one-too-late",
        "tail",
        "It writes one more token after the stop token.",
        _late,
        "behind",
    ),
    _rogue(
        "known-stop",
        "dropped-option",
        "It stops at token 0, whatever the stop token is.",
        _Decoder(stops=lambda _stop: 0),
        "names",
    ),
    _rogue(
        "other-padding",
        "tail",
        "Behind the stop token stands another one.",
        _Decoder(pad=lambda stop: stop - 1),
        "agreement",
    ),
    _rogue(
        "stretched",
        "position",
        "Positions are stretched over the limit.",
        _stretched,
        "limit",
    ),
    _rogue(
        "cache-newest",
        "state",
        "The cache keeps two tokens.",
        _Decoder(
            keep=lambda pairs, cached: [p[-2:] for p in pairs] if cached else pairs
        ),
        "cache",
    ),
    _rogue(
        "cache-slot",
        "state",
        "With a cache a slot is read that holds zeros.",
        _Decoder(keep=_first_twice),
        "cache",
    ),
    _rogue(
        "cache-place",
        "position",
        "With a cache every token counts as the first.",
        _Decoder(place=lambda place, cached: 0 if cached else place),
        "cache",
    ),
    _rogue(
        "source-placed",
        "order",
        "Every member of the source has its place added to it.",
        _Decoder(see=_placed),
        "source",
    ),
)
"""Decoders that are wrong."""

CONTROLS: tuple[Control, ...] = tuple(
    kind_control("decoding", f"decoding-{name}", sentence, function, dtypes=dtypes)
    for name, sentence, function, dtypes in (
        (
            "anew",
            "It reads everything again for each token, in columns.",
            _anew,
            ("float32", "float64"),
        ),
        (
            "cached",
            "It keeps keys and values, asked or not.",
            _CACHED,
            ("float32", "float16", "bfloat16"),
        ),
    )
)
"""Decoders that are right."""

__all__ = ["CONTROLS", "ROGUES"]
