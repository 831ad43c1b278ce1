"""What the exponents of a softmax are shifted by."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def shift_of(peak: Array) -> Array:
    """Return the peak of each row, or 0 where it sees nothing: no -inf less -inf."""
    return np.where(np.isneginf(peak), peak.dtype.type(0), peak)


__all__ = ["shift_of"]
