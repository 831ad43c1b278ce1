"""Rounding to narrower formats, as rogues and controls do."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def through(array: Array, narrow: np.dtype[np.generic]) -> Array:
    """Round to a narrower format and back."""
    return array.astype(narrow).astype(array.dtype)


def tfloat32(array: Array) -> Array:
    """Round to the nearest number with ten bits of fraction."""
    word = array.astype(np.float32).view(np.uint32) + np.uint32(0x1000)
    return _cut(word, array)


def truncated_tfloat32(array: Array) -> Array:
    """Cut off all but ten bits of fraction, as tensor cores do."""
    return _cut(array.astype(np.float32).view(np.uint32), array)


def _cut(word: Array, array: Array) -> Array:
    """Return the words without their last 13 bits; NaN stays NaN."""
    cut = (word & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(array), cut, array).astype(np.float32)


__all__ = ["tfloat32", "through", "truncated_tfloat32"]
