"""Wrong answers that many kinds share."""

from __future__ import annotations

import numpy as np

from attnspec.judge.kind import Null, Right
from attnspec.judge.table import TableCase
from attnspec.kinds.attention.case import Array


def forgetting(*options: str) -> Null:
    """Return the wrong answer that knows nothing of some options."""

    def forgotten(case: TableCase, right: Right) -> Array:
        for option in options:
            case = case.without(option)
        return right(case)

    return forgotten


def late(case: TableCase, right: Right) -> Array:
    """Answer each step with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-2)


def backward(case: TableCase, right: Right) -> Array:
    """Answer from the other end."""
    return right(case)[::-1]


def placed(case: TableCase, right: Right) -> Array:
    """Add the place of each reader to what it takes."""
    output = right(case)
    return output + np.arange(1, len(output) + 1)[:, None]


def whole_sequence(case: TableCase, right: Right) -> Array:
    """Answer every step with the sum of all answers."""
    output = right(case)
    return np.broadcast_to(output.sum(-2, keepdims=True), output.shape)


__all__ = ["backward", "forgetting", "late", "placed", "whole_sequence"]
