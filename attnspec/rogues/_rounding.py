"""Rounding to narrower formats, by rogues and by right kernels of every kind."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
E4M3 = np.dtype(ml_dtypes.float8_e4m3fn)
E5M2 = np.dtype(ml_dtypes.float8_e5m2)


def through(array: Array, narrow: np.dtype[Any]) -> Array:
    """Round to a narrower format and back."""
    return array.astype(narrow).astype(array.dtype)


def truncated(array: Array, narrow: np.dtype[Any]) -> Array:
    """Round toward zero to a narrower format, and back."""
    near = array.astype(narrow)
    beyond = np.abs(near.astype(np.float64)) > np.abs(array.astype(np.float64))
    back = np.nextafter(near, np.zeros((), narrow))
    return np.where(beyond, back, near).astype(array.dtype)


def tfloat32(array: Array, *, nearest: bool = True) -> Array:
    """Round a float32 to ten bits of fraction, to nearest or toward zero."""
    word = np.ascontiguousarray(array, np.float32).view(np.uint32)
    if nearest:
        odd = (word >> np.uint32(13)) & np.uint32(1)
        word = word + np.uint32(0xFFF) + odd
    return (word & np.uint32(0xFFFFE000)).view(np.float32)


__all__ = ["BFLOAT16", "E4M3", "E5M2", "tfloat32", "through", "truncated"]
