"""Attention that is wrong as a recurrence would be."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import Kernel, Tables


class _Fading(Kernel):
    """Lowers scores by the distance, though nobody asked for it."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        scores = super().scored(tables, tile, call)
        distance = np.abs(self.positions(call)[..., None] - tile)
        return np.asarray(scores - scores.dtype.type(2.0**-4) * distance)


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "fading",
        "position",
        "Scores fall with the distance, though nobody asked for it.",
        _Fading(),
        caught_by="value-derivative",
    ),
)
"""An attention that forgets like a recurrence."""

__all__ = ["ROGUES"]
