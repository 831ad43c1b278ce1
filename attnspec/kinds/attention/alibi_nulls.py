"""Wrong answers of attention that read the slopes of ALiBi wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right, forgetting
from attnspec.kinds.attention.case import AttentionCase


def _with(change: Callable[[Array], Array]) -> Null:
    """Take other slopes."""

    def null(case: AttentionCase, right: Right) -> Array:
        if case.alibi_slopes is None:
            return right(case)
        slopes = change(case.alibi_slopes).astype(case.alibi_slopes.dtype)
        return right(case.replace(alibi_slopes=slopes))

    return null


def _of_first_batch(slopes: Array) -> Array:
    """Return the slopes of the first batch element for all of them."""
    return np.broadcast_to(slopes[:1], slopes.shape) if slopes.ndim > 1 else slopes


ALIBI_NULLS: Mapping[str, Null] = {
    "no_alibi": forgetting("alibi_slopes"),
    "alibi_rises": _with(np.negative),
    "alibi_of_next_head": _with(lambda slopes: np.roll(slopes, 1, -1)),
    "alibi_of_first_batch": _with(_of_first_batch),
    "alibi_offset": _with(lambda slopes: slopes + 0.25),
}
"""The null answers by name."""

ALIBI_NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ALIBI_NULLS, ("alibi_slopes",)),
    "alibi_of_first_batch": ("batch_slopes",),
}
"""Claims without which they cannot be told from a right answer."""

__all__ = ["ALIBI_NEEDS", "ALIBI_NULLS"]
