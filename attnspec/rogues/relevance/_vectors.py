"""Vectors as a formula takes them: in a format to compute in, transposed, measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array


def widened(*arrays: Array) -> tuple[Any, ...]:
    """Return arrays in the format that is computed in, float32 at least."""
    wide = all(array.dtype == np.float64 for array in arrays)
    return tuple(a.astype(np.float64 if wide else np.float32) for a in arrays)


def transposed(array: Array) -> Array:
    """Return the vectors as columns."""
    return array.swapaxes(-1, -2)


def length(x: Array) -> Array:
    """Return the length, or 1 of a vector of zeros."""
    found = np.sqrt((x * x).sum(-1, keepdims=True))
    return np.where(found == 0, 1, found).astype(x.dtype)


__all__ = ["length", "transposed", "widened"]
