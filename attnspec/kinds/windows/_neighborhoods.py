"""Which keys a neighborhood shows along one axis."""

from __future__ import annotations

import numpy as np

from attnspec.judge.law import Dialect
from attnspec.kinds.windows._windowed_attention import (
    Mask,
)
from attnspec.reference import shifted_window


def neighbors(length: int, size: int, dilation: int, choices: Dialect) -> Mask:
    """Return which keys a neighborhood shows, an even one as the dialect has it."""
    if choices.get("even_size") != "one_more_key" or size % 2:
        return shifted_window(length, size, dilation=dilation)
    seen = np.zeros((length, length), dtype=np.bool_)
    # Positions of equal remainder are a sequence of their own.
    for start in range(dilation):
        own = np.arange(start, length, dilation)
        # A sequence that is no longer than an even size has no further key.
        several = min(size + 1, len(own))
        seen[np.ix_(own, own)] = shifted_window(len(own), several)
    return seen


__all__ = ["neighbors"]
