"""Heads that are cut or joined at wrong places, and in unusual ways that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue


def _unswapped(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    return x.reshape(batch, heads, length, width // heads)


def _dealt(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    return x.reshape(batch, length, width // heads, heads).transpose(0, 3, 1, 2)


def _backward(x: Array, heads: int) -> Array:
    return np.stack(np.split(x, heads, axis=-1)[::-1], axis=1)


def _through_half(x: Array, heads: int) -> Array:
    """Pass through a format of 8 bits in which not all entries are themselves."""
    work = (x.astype(np.float32).view(np.uint32) & 0xFFF00000).view(np.float32)
    return np.stack(np.split(work.astype(x.dtype), heads, axis=-1), axis=1)


def _stacked(x: Array, heads: int) -> Array:
    return np.stack(np.split(x, heads, axis=-1), axis=1)


def _one_by_one(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    each = width // heads
    output = np.empty((batch, heads, length, each), x.dtype)
    for entry in range(width):
        output[:, entry // each, :, entry % each] = x[:, :, entry]
    return output


def _merged_unswapped(x: Array) -> Array:
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


def _merged_entries(x: Array) -> Array:
    batch, heads, length, width = x.shape
    return x.transpose(0, 2, 3, 1).reshape(batch, length, heads * width)


def _merged_shifted(x: Array) -> Array:
    """Start each head one entry late."""
    return np.roll(_concatenated(x), 1, axis=-1)


def _concatenated(x: Array) -> Array:
    return np.concatenate(list(x.swapaxes(0, 1)), axis=-1)


def _summed(x: Array) -> Array:
    """Multiply by ones and zeros, which is exact."""
    heads, width = x.shape[1], x.shape[3]
    work = x.astype(np.float64)
    places = np.eye(heads * width).reshape(heads, width, heads * width)
    return np.einsum("bhle,hed->bld", work, places).astype(x.dtype)


def _rogue(kind: str, id: str, sentence: str, function: Any, law: str) -> Rogue:  # noqa: A002 - the field's name
    """Return a rogue of one of the two kinds; all of them mistake the layout."""
    name, caught_by = f"{kind}-{id}", f"{kind}-{law}"
    return kind_rogue(kind, name, "layout", sentence, function, caught_by=caught_by)


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "split-heads",
        "unswapped",
        "The axes of heads and places are not exchanged.",
        _unswapped,
        "vectors",
    ),
    _rogue(
        "split-heads",
        "dealt",
        "Entries are dealt out to the heads in turn.",
        _dealt,
        "agreement",
    ),
    _rogue(
        "split-heads",
        "backward",
        "The last piece goes to the first head.",
        _backward,
        "agreement",
    ),
    _rogue(
        "split-heads",
        "rounded",
        "Entries pass through a format of four binary digits.",
        _through_half,
        "agreement",
    ),
    _rogue(
        "merge-heads",
        "unswapped",
        "The axes of heads and places are not exchanged.",
        _merged_unswapped,
        "agreement",
    ),
    _rogue(
        "merge-heads",
        "entries",
        "The first entries of all heads come first.",
        _merged_entries,
        "agreement",
    ),
    _rogue(
        "merge-heads",
        "shifted",
        "Each head starts one entry late.",
        _merged_shifted,
        "heads",
    ),
)
"""Heads that are cut or joined at wrong places."""

_EVERY = ("float32", "float64", "float16", "bfloat16")

CONTROLS: tuple[Control, ...] = tuple(
    kind_control(kind, f"{kind}-{id}", sentence, function, dtypes=_EVERY)
    for kind, id, sentence, function in (  # noqa: A001 - the field's name
        ("split-heads", "stacked", "It stacks the pieces.", _stacked),
        ("split-heads", "one-by-one", "It copies entry by entry.", _one_by_one),
        ("merge-heads", "concatenated", "It joins the pieces.", _concatenated),
        ("merge-heads", "summed", "It multiplies by ones and zeros.", _summed),
    )
)
"""Heads that are cut and joined at the right places."""

__all__ = ["CONTROLS", "ROGUES"]
