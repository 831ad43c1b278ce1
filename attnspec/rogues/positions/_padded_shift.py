"""The shift of distances to keys as the paper has it."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def padded_shift(x: Array) -> Array:
    """Pad a column and read on in rows of another length, as Transformer-XL does.

    What the next row begins with comes in on the right.
    """
    heads, queries, keys = x.shape
    wider = np.concatenate([np.zeros_like(x[..., :1]), x], -1)
    return wider.reshape(heads, -1)[:, queries:].reshape(heads, queries, keys)


__all__ = ["padded_shift"]
