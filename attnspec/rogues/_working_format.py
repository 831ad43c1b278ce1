"""The format that is computed in, and the format that comes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array


def working(x: Array) -> np.dtype[Any]:
    """Return the working format."""
    return np.dtype(np.float64 if x.dtype == np.float64 else np.float32)


def stored(output: Array, x: Array) -> Array:
    """Return an output in the format of the sequence."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(output.astype(x.dtype))


__all__ = ["stored", "working"]
