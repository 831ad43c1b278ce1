"""How the definitions read numbers: as float64, under IEEE rules, in silence."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

ieee = np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore")
"""Decorates a definition that may meet inf and NaN: they follow IEEE 754."""


def float64(array: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Convert from any floating-point format; float64 holds all of them exactly."""
    return np.asarray(array, dtype=np.float64)


__all__ = ["float64", "ieee"]
