"""Grids that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._windowed_attention import Mask


def _grid(rows: Mask, columns: Mask) -> Mask:
    both = rows[:, None, :, None] & columns[None, :, None, :]
    return both.reshape(len(rows) * len(columns), -1)


def _grid_looped(rows: Mask, columns: Mask) -> Mask:
    pixels = [(a, b) for a in range(len(rows)) for b in range(len(columns))]
    return np.stack([np.outer(rows[a], columns[b]).ravel() for a, b in pixels])


_rogue, _control = makers("grid-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "united",
        "A pixel is seen if it is seen along either axis.",
        lambda rows, columns: ~_grid(~rows, ~columns),
        "agreement",
    ),
    _rogue(
        "columns-first",
        "Pixels are counted column by column.",
        lambda rows, columns: np.kron(columns, rows),
        "count",
        mistake="layout",
    ),
    _rogue(
        "own-row",
        "A row is seen from itself alone.",
        lambda r, c: np.kron(r & np.eye(*r.shape, dtype=np.bool_), c),
        "exchange",
    ),
)
"""Grids that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("broadcast", "It broadcasts four axes.", _grid),
    _control("pixels", "It goes pixel by pixel.", _grid_looped),
)
"""Grids that are right."""

__all__ = ["CONTROLS", "ROGUES"]
