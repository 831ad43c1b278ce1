"""Packed sequences in one go, with a mask that says who sees whom."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues.serving._packing import Call, Varlen, by_mask, owners, slots

Pair = tuple[Array, Array]


def by_places(query: Array, key: Array, call: Call) -> Array:
    """Return which keys are seen of places that are counted in some way."""
    distance = query[:, None] - key
    left, right = call.options["window"] or (None, None)
    seen = np.ones(distance.shape, np.bool_)
    if call.options["causal"]:
        seen &= distance >= 0
    if left is not None:
        seen &= distance <= left
    return seen if right is None else seen & (-distance <= right)


class Masked(Varlen):
    """Attends in one go, with a mask; places are counted in some way."""

    def _attended(self, call: Call) -> Pair:
        return by_mask(call.without("causal", "window"), self.mask(call))

    @staticmethod
    def mask(call: Call) -> Array:
        """Return who sees whom: keys of the own sequence, counted from its end."""
        (query, at), (key, place) = (owners(call, side) for side in ("query", "key"))
        lengths = [
            [s.stop - s.start for s in (own.keys, own.queries)] for own in slots(call)
        ]
        ahead = np.array([keys - queries for keys, queries in lengths])[query]
        same = (query[:, None] == key) & (query >= 0)[:, None]
        return same & by_places(at + ahead, place, call)


class GlobalPlaces(Masked):
    @staticmethod
    def mask(call: Call) -> Array:
        """Count the places of queries and keys from the start of the arrays."""
        query, key = (owners(call, side)[0] for side in ("query", "key"))
        same = (query[:, None] == key) & (query >= 0)[:, None]
        places = np.arange(len(query)), np.arange(len(key))
        return same & by_places(*places, call)


class OneAlignment(Masked):
    @staticmethod
    def mask(call: Call) -> Array:
        """Align all sequences by the number of all queries and keys."""
        (query, at), (key, place) = (owners(call, side) for side in ("query", "key"))
        same = (query[:, None] == key) & (query >= 0)[:, None]
        ahead = int(call.cu_key[-1]) - int(call.cu_query[-1])
        return same & by_places(at + ahead, place, call)


class OverTheSeam(Masked):
    @staticmethod
    def mask(call: Call) -> Array:
        """Let a window reach into the sequence before."""
        own = Masked.mask(call)
        if call.options["window"] is None:
            return own
        starts = {s.queries.start: s.keys.start for s in slots(call)}
        for row, first in starts.items():
            if 0 < row < len(own) and first and call.options["window"][0] != 0:
                own[row, first - 1] = True
        return own


__all__ = ["GlobalPlaces", "Masked", "OneAlignment", "OverTheSeam", "by_places"]
