"""Rogues that mistake masks with fewer axes than four."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL


def _vector_by_query(array: Array, call: AttentionCase) -> Array:
    """Take a mask (S,) for one of queries where L is S."""
    if array.shape == (call.sizes.L,) and call.sizes.L == call.sizes.S > 1:
        array = array[:, None]
    return KERNEL.spread(array, call)


def _one_row_by_batch(array: Array, call: AttentionCase) -> Array:
    """Take a mask (1, S) for that of the first sequence, and others for seen."""
    table = KERNEL.spread(array, call)
    if array.shape != (1, call.sizes.S) or array.dtype != np.bool_:
        return table
    first = np.arange(call.sizes.B)[:, None, None, None] == 0
    return np.where(first, table, np.True_)


def _one_row_by_query(array: Array, call: AttentionCase) -> Array:
    """Read a mask (1, S) past its end from the second query on."""
    table = KERNEL.spread(array, call)
    if array.shape != (1, call.sizes.S) or array.dtype != np.bool_:
        return table
    return np.where(np.arange(call.sizes.L)[:, None] == 0, table, np.True_)


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "mask-vector-by-query",
        "mask",
        "A mask (S,) hides queries instead of keys where L is S.",
        KERNEL.replace(spread=_vector_by_query),
        caught_by="mask-broadcast",
        mimics="transformer#40",
    ),
    rogue(
        "mask-row-by-batch",
        "mask",
        "A mask (1, S) holds for the first sequence alone.",
        KERNEL.replace(spread=_one_row_by_batch),
        caught_by="mask-broadcast",
        mimics="openvino#21217",
    ),
    rogue(
        "mask-row-by-query",
        "mask",
        "A mask (1, S) holds for the first query alone.",
        KERNEL.replace(spread=_one_row_by_query),
        caught_by="mask-broadcast",
        mimics="openvino#30758",
    ),
)
"""The rogues of masks with few axes."""

__all__ = ["ROGUES"]
