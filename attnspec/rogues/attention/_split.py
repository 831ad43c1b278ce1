"""A right kernel that computes parts of the keys apart, with replaceable steps."""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._shift import shift_of
from attnspec.rogues.attention._kernel import (
    KERNEL,
    Attending,
    Kernel,
    Rows,
    Tables,
    tiles_of,
)


@dataclasses.dataclass(frozen=True)
class Split(Attending):
    """A kernel that computes parts of the keys apart and merges them."""

    parts: int
    kernel: Kernel = KERNEL

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Merge the parts before the division by the sum."""
        rows = self.merged(self.computed(call), call)
        return self.kernel.answer(*self.kernel.finish(rows, call), call)

    def computed(self, call: AttentionCase) -> list[Rows]:
        """Return every part of the keys; the sink is one of its own."""
        whole = self.kernel.tables(call)
        rows = [self.part(whole, keys, call) for keys in self.ranges(call)]
        return rows if call.sink is None else [*rows, self.kernel.start(call)]

    def ranges(self, call: AttentionCase) -> list[Array]:
        """Cut the keys into parts, some of them perhaps empty."""
        return np.array_split(np.arange(call.sizes.S), self.parts)

    def part(self, whole: Tables, keys: Array, call: AttentionCase) -> Rows:
        """Go through some of the keys."""
        bare = call.replace(sink=None)
        rows = self.kernel.start(bare)
        for tile in tiles_of(16, len(keys)):
            scores = self.kernel.scored(whole, keys[tile], bare)
            value = whole.value[:, :, keys[tile]]
            rows = self.kernel.absorb(rows, scores, value, bare)
        return rows

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:  # noqa: ARG002 - a step's form
        """Weigh the parts by what they are of the whole."""
        peak = np.maximum.reduce([part.peak for part in rows])
        base = shift_of(peak)
        shares = [np.exp(part.peak - base) for part in rows]
        pairs = list(zip(shares, rows, strict=True))
        total = np.sum([s * part.total for s, part in pairs], axis=0)
        mixed = np.sum([s * part.accumulator for s, part in pairs], axis=0)
        return Rows(peak, total, mixed)


__all__ = ["Split"]
