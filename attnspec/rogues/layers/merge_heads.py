"""Heads that are joined at wrong places, and in unusual ways that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers


def _merged_unswapped(x: Array) -> Array:
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


def _merged_entries(x: Array) -> Array:
    batch, heads, length, width = x.shape
    return x.transpose(0, 2, 3, 1).reshape(batch, length, heads * width)


def _concatenated(x: Array) -> Array:
    return np.concatenate(list(x.swapaxes(0, 1)), axis=-1)


def _summed(x: Array) -> Array:
    """Multiply by ones and zeros, which is exact."""
    heads, width = x.shape[1], x.shape[3]
    work = x.astype(np.float64)
    places = np.eye(heads * width).reshape(heads, width, heads * width)
    return np.einsum("bhle,hed->bld", work, places).astype(x.dtype)


_rogue, _control = makers("merge-heads", usual="layout", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unswapped",
        "The axes of heads and places are not exchanged.",
        _merged_unswapped,
        "agreement",
        mimics="transformer-from-scratch#6",
    ),
    _rogue(
        "entries",
        "The first entries of all heads come first.",
        _merged_entries,
        "agreement",
    ),
    _rogue(
        "shifted",
        "Each head starts one entry late.",
        lambda x: np.roll(_concatenated(x), 1, axis=-1),
        "heads",
    ),
)
"""Heads that are joined at wrong places."""


CONTROLS: tuple[Control, ...] = (
    _control("concatenated", "It joins the pieces.", _concatenated),
    _control("summed", "It multiplies by ones and zeros.", _summed),
)
"""Heads that are joined at the right places."""

__all__ = ["CONTROLS", "ROGUES"]
