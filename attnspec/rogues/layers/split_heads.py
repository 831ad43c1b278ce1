"""Heads that are cut at wrong places, and in unusual ways that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers


def _unswapped(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    return x.reshape(batch, heads, length, width // heads)


def _dealt(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    return x.reshape(batch, length, width // heads, heads).transpose(0, 3, 1, 2)


def _four_digits(x: Array, heads: int) -> Array:
    """Keep four binary digits, with which not all entries are themselves."""
    # Of float32's 32 bits sign, exponent and three more stay; the first digit is 1.
    work = (x.astype(np.float32).view(np.uint32) & 0xFFF00000).view(np.float32)
    return np.stack(np.split(work.astype(x.dtype), heads, axis=-1), axis=1)


def _one_by_one(x: Array, heads: int) -> Array:
    batch, length, width = x.shape
    each = width // heads
    output = np.empty((batch, heads, length, each), x.dtype)
    for entry in range(width):
        output[:, entry // each, :, entry % each] = x[:, :, entry]
    return output


_rogue, _control = makers("split-heads", usual="layout", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unswapped",
        "The axes of heads and places are not exchanged.",
        _unswapped,
        "vectors",
        mimics="FuxiCTR#30",
    ),
    _rogue(
        "dealt",
        "Entries are dealt out to the heads in turn.",
        _dealt,
        "agreement",
    ),
    _rogue(
        "backward",
        "The last piece goes to the first head.",
        lambda x, heads: np.stack(np.split(x, heads, axis=-1)[::-1], axis=1),
        "agreement",
    ),
    _rogue(
        "rounded",
        "Entries pass through a format of four binary digits.",
        _four_digits,
        "agreement",
    ),
)
"""Heads that are cut at wrong places."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "stacked",
        "It stacks the pieces.",
        lambda x, heads: np.stack(np.split(x, heads, axis=-1), axis=1),
    ),
    _control("one-by-one", "It copies entry by entry.", _one_by_one),
)
"""Heads that are cut at the right places."""

__all__ = ["CONTROLS", "ROGUES"]
