"""Wrong answers that many kinds share."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Null, Right


def forgetting(*options: str) -> Null:
    """Return the wrong answer that knows nothing of some options."""

    def forgotten(case: Case, right: Right) -> Array:
        for option in options:
            case = case.without(option)
        return right(case)

    return forgotten


def late(case: Case, right: Right) -> Array:
    """Answer each step with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-2)


def backward(case: Case, right: Right) -> Array:
    """Answer from the other end."""
    return right(case)[::-1]


def placed(case: Case, right: Right) -> Array:
    """Add the place of each reader to what it takes."""
    output = right(case)
    return output + np.arange(1, len(output) + 1)[:, None]


def whole_sequence(case: Case, right: Right) -> Array:
    """Answer every step with the sum of all answers."""
    output = right(case)
    return np.broadcast_to(output.sum(-2, keepdims=True), output.shape)


__all__ = ["backward", "forgetting", "late", "placed", "whole_sequence"]
