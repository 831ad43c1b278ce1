"""The format that comes back."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def stored(output: Array, x: Array) -> Array:
    """Return an output in the format of the sequence."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(output.astype(x.dtype))


__all__ = ["stored"]
