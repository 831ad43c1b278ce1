"""Look-ups of positions that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers


def _lookup(
    change: Callable[[Array, int], Array],
    *,
    changed: Callable[[Array], Array] = lambda table: table,
) -> Callable[..., Array]:
    """Return a look-up of other positions, or in another table."""

    def lookup(positions: Array, table: Array) -> Array:
        seen = change(positions, len(table))
        return np.asarray(changed(table)[seen])

    return lookup


def _refusing(positions: Array, rows: int) -> Array:
    """Refuse positions that are not there."""
    if ((positions < 0) | (positions >= rows)).any():
        msg = "a position outside the table"
        raise IndexError(msg)
    return positions


def _centered(table: Array) -> Array:
    """Take the mean of all rows from each."""
    # In float64, so that nothing but the mean itself is wrong.
    mean = table.mean(0, dtype=np.float64)
    return (table.astype(np.float64) - mean).astype(table.dtype)


_rogue, _control = makers("learned", usual="position", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "counts-from-zero",
        "The positions are not read: the rows come in their own order.",
        _lookup(lambda p, rows: np.arange(len(p)) % rows + 0 * _refusing(p, rows)),
        "agreement",
    ),
    _rogue(
        "off-by-one",
        "The first row is kept for padding, so every position reads the next.",
        _lookup(lambda p, rows: (_refusing(p, rows) + 1) % rows),
        "agreement",
        mimics="transformers#36537",
    ),
    _rogue(
        "clamped",
        "A position beyond the table reads its last row.",
        _lookup(lambda positions, rows: np.clip(positions, 0, rows - 1)),
        "outside",
    ),
    _rogue(
        "wrapped",
        "A position beyond the table starts again with its first row.",
        _lookup(lambda positions, rows: positions % rows),
        "outside",
    ),
    _rogue(
        "negative",
        "Position -1 reads the last row, as an index of Python does.",
        _lookup(lambda positions, _rows: positions),
        "outside",
    ),
    _rogue(
        "around-too-far",
        "It declares that positions go around, and begins with the second row again.",
        _lookup(lambda p, rows: np.where(p < rows, p, p + 1) % rows),
        "outside",
        dialect={"position_beyond": "wrapped", "negative_position": "from_end"},
    ),
    _rogue(
        "centered",
        "The mean of all rows is taken from each.",
        _lookup(_refusing, changed=_centered),
        "rows",
    ),
)
"""Look-ups that are wrong."""


def _one_hot(positions: Array, table: Array) -> Array:
    """Multiply by a matrix of zeros and ones."""
    rows = _refusing(positions, len(table))[:, None] == np.arange(len(table))
    work = working_dtype(table.dtype)
    return (rows.astype(work) @ table.astype(work)).astype(table.dtype)


def _filled(positions: Array, table: Array) -> Array:
    """Answer NaN for a position outside, as ``jax.numpy.take`` does."""
    inside = (positions >= 0) & (positions < len(table))
    found = table[np.where(inside, positions, 0)]
    return np.where(inside[:, None], found, np.array(np.nan, table.dtype))


_FROM_END = {"negative_position": "from_end"}
_JAX = {"negative_position": "from_end", "position_beyond": "clamped"}
_ALL_AROUND = {"negative_position": "from_end", "position_beyond": "wrapped"}

CONTROLS: tuple[Control, ...] = (
    _control(
        "index",
        "It is an index of NumPy: position -1 reads the last row.",
        _lookup(lambda positions, _rows: positions),
        dialect=_FROM_END,
    ),
    _control(
        "index-of-jax",
        "Position -1 reads the last row, and so does every one beyond.",
        _lookup(lambda p, rows: np.minimum(np.where(p < 0, p + rows, p), rows - 1)),
        dialect=_JAX,
    ),
    _control(
        "modulo",
        "Positions go around, as in numpy.take with mode='wrap'.",
        _lookup(lambda positions, rows: positions % rows),
        dialect=_ALL_AROUND,
    ),
    _control("one-hot", "It multiplies by a matrix of zeros and ones.", _one_hot),
    _control("filled", "A position outside is NaN.", _filled),
)
"""Look-ups that are right."""

__all__ = ["CONTROLS", "ROGUES"]
