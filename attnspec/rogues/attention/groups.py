"""Rogues that are wrong at the groups of real models: 4, 8, 16 and 64 query heads."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues.attention._kernel import KERNEL, Tables
from attnspec.rogues.attention._usual import usually


def _group(call: AttentionCase) -> int:
    """Return how many query heads share a key head."""
    return call.sizes.Hq // max(1, call.sizes.Hkv)


def _packs(call: AttentionCase) -> bool:
    """Return whether the heads of a group fill the rows of a tile."""
    return _group(call) in (4, 8, 16, 32, 64)


def _eight_stored(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    """Store the first eight heads of a group when there is one query."""
    output, lse = KERNEL.answer(output, lse, call)
    if call.sizes.L != 1 or _group(call) <= 8:
        return output, lse
    stored = (np.arange(call.sizes.Hq) % _group(call) < 8)[:, None]
    return np.where(stored[..., None], output, 0), np.where(stored, lse, 0)


def _eight_loaded(tables: Tables, call: AttentionCase) -> Tables:
    """Load the first eight query heads of a group again for the others."""
    head, group = np.arange(call.sizes.Hq), _group(call)
    if group <= 8:
        return tables
    return tables._replace(query=tables.query[:, head // group * group + head % 8])


def _row_of_pack(call: AttentionCase) -> Array:
    """Divide the row by the group, though the heads are not packed into rows."""
    if not _packs(call):
        return KERNEL.positions(call)
    row = np.arange(call.sizes.L) // _group(call)
    return (row + call.sizes.S - call.sizes.L)[None]


def _mask_of_next_chunk(array: Array, call: AttentionCase) -> Array:
    """Step too far from chunk to chunk of the mask, for 64 heads and one query."""
    table = KERNEL.spread(array, call)
    if array.dtype != np.bool_ or call.sizes.Hq < 64 or call.sizes.L != 1:
        return table
    key = np.arange(call.sizes.S)
    return table[..., np.minimum(key + key // 4 * 4, call.sizes.S - 1)]


def _values_of_first(tables: Tables, call: AttentionCase) -> Tables:
    """Give the last sequence the first one's values in decoding."""
    if call.sizes.B < 2 or call.sizes.L != 1 or _group(call) < 8:
        return tables
    value = tables.value.copy()
    value[-1] = value[0]
    return tables._replace(value=value)


def _lse_across_groups(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    """Store the logsumexp of packed heads with group and key head swapped."""
    output, lse = KERNEL.answer(output, lse, call)
    sizes, group = call.sizes, _group(call)
    if not _packs(call):
        return output, lse
    apart = lse.reshape(sizes.B, sizes.Hkv, group, sizes.L)
    return output, apart.swapaxes(1, 2).reshape(lse.shape)


_heads = usually("heads")


ROGUES: tuple[Rogue, ...] = (
    _heads(
        "eight-heads-stored",
        "Of a group of more than eight heads, eight are stored in decoding.",
        KERNEL.replace(answer=_eight_stored),
        "b12x#24",
        "agreement",
    ),
    _heads(
        "eight-heads-loaded",
        "A tile holds eight heads of a group; the others are answered like these.",
        KERNEL.replace(stage=_eight_loaded),
        "hpc-ops#58",
        "grouped-heads",
    ),
    _heads(
        "rows-divided-by-group",
        "Rows are divided by the group though heads are not packed into rows.",
        KERNEL.replace(positions=_row_of_pack),
        "flash-attention#2528",
        "causal-support",
        "alignment",
    ),
    _heads(
        "mask-of-next-chunk",
        "With 64 heads and one query the mask is read a chunk too far.",
        KERNEL.replace(spread=_mask_of_next_chunk),
        "tt-metal#38004",
        "empty-rows",
        "mask",
    ),
    _heads(
        "values-of-first-in-decoding",
        "In decoding groups of eight and more, the last sequence has wrong values.",
        KERNEL.replace(stage=_values_of_first),
        "pytorch#193893",
        "batch-independence",
        "batch",
    ),
    _heads(
        "lse-across-groups",
        "The logsumexp of packed heads lies in memory as (group, Hkv).",
        KERNEL.replace(answer=_lse_across_groups),
        "vllm-flash-attention#87",
        "lse-agreement",
        "lse",
    ),
)
"""The rogues of groups."""

__all__ = ["ROGUES"]
