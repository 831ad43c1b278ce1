"""Rogues of tiles of 48, 80, 96, 160 and 192, and of lengths near 960."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues.attention._kernel import KERNEL, TILE, Kernel, Tables, tiles_of
from attnspec.rogues.attention._usual import usually


def _alone(length: int, size: int) -> bool:
    """Return whether the last tile of several holds one alone."""
    return length > size and length % size == 1


def _without_mask(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    """Fold the mask into the accumulator only where the last tile is partial."""
    return call if call.sizes.S % 48 else call.replace(mask=None)


def _not_causal(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    """Let the causal loop run to the end where the last tile is whole."""
    return call if call.sizes.S % 160 else call.replace(causal=False)


def _without_last_of_80(keys: int, call: AttentionCase) -> Iterator[Array]:  # noqa: ARG001 - a step's form
    return tiles_of(TILE, keys - 1 if _alone(keys, 80) else keys)


def _start_clamped(tables: Tables, call: AttentionCase) -> Tables:
    """Move the start of a last tile of one key back until the tile is whole."""
    if not _alone(call.sizes.S, 192):
        return tables
    key, value = tables.key.copy(), tables.value.copy()
    key[:, :, -1], value[:, :, -1] = key[:, :, -192], value[:, :, -192]
    return tables._replace(key=key, value=value)


def _near_960(keys: int, call: AttentionCase) -> Iterator[Array]:  # noqa: ARG001 - a step's form
    """Lose the first tile where the scratch memory just overflows."""
    tiles = list(tiles_of(TILE, keys))
    yield from tiles[1:] if 896 < keys <= 960 else tiles


def _answered(lost: Callable[[AttentionCase], Array], left: float) -> Kernel:
    """Return a kernel that leaves something else in the queries named here."""

    def answer(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
        output, lse = KERNEL.answer(output, lse, call)
        where = lost(call)
        left_there = np.asarray(left, output.dtype)
        return np.where(where[:, None], left_there, output), np.where(where, left, lse)

    return KERNEL.replace(answer=answer)


def _every_17th(call: AttentionCase) -> Array:
    """Return a few of the queries, where the last tile of 96 keys holds one."""
    few = np.arange(call.sizes.L) % 17 == 0
    return few & _alone(call.sizes.S, 96)


def _second_of_odd(call: AttentionCase) -> Array:
    """Return the second tile of 192 queries, if the tiles are three, five and so on."""
    tile = np.arange(call.sizes.L) // 192
    count = -(-call.sizes.L // 192)
    return (tile == 1) & (count > 2 and count % 2 == 1)


def _last_whole_48(call: AttentionCase) -> Array:
    """Return the last tile of 48 queries, where it is whole."""
    query = np.arange(call.sizes.L)
    return (query >= call.sizes.L - 48) & (call.sizes.L % 48 == 0)


def _last_of_80(call: AttentionCase) -> Array:
    """Return the last query, where it is alone in its tile of 80."""
    last = np.arange(call.sizes.L) == call.sizes.L - 1
    return last & _alone(call.sizes.L, 80)


_tile = usually("tail", "tail-sweep")


ROGUES: tuple[Rogue, ...] = (
    _tile(
        "mask-lost-at-48",
        "The mask is lost when S is a multiple of 48.",
        KERNEL.replace(prepare=_without_mask),
        "triton-msl#7",
        "mask-forms",
        "dropped-option",
    ),
    _tile(
        "causal-lost-at-160",
        "The causal flag is lost when S is a multiple of 160.",
        KERNEL.replace(prepare=_not_causal),
        "triton-msl#7",
        "causality",
        "dropped-option",
    ),
    _tile(
        "last-key-after-80",
        "The last key is lost when S = 1 (mod 80).",
        KERNEL.replace(tiles=_without_last_of_80),
        "tiny-flash-attention#12",
    ),
    _tile(
        "start-of-last-192-clamped",
        "When S = 1 (mod 192) the last tile starts early, and a key counts twice.",
        KERNEL.replace(stage=_start_clamped),
        "jax#27224",
    ),
    _tile(
        "first-keys-lost-near-960",
        "The first tile is overwritten when S lies between 897 and 960.",
        KERNEL.replace(tiles=_near_960),
        "torch-spyre#3216",
    ),
    _tile(
        "some-rows-nan-after-96",
        "A few rows are NaN when S = 1 (mod 96).",
        _answered(_every_17th, np.nan),
        "cudnn-frontend#1156",
    ),
    _tile(
        "second-of-odd-query-tiles",
        "Of an odd number of tiles of 192 queries the second is never computed.",
        _answered(_second_of_odd, 0.0),
        "vllm-flash-attention#180",
        "query-sweep",
    ),
    _tile(
        "last-48-queries",
        "The last 48 queries are never computed when L is a multiple of 48.",
        _answered(_last_whole_48, 0.0),
        "FlagAttention#8",
        "query-sweep",
    ),
    _tile(
        "last-query-after-80",
        "The last query is never computed when L = 1 (mod 80).",
        _answered(_last_of_80, 0.0),
        "tt-metal#32502",
        "query-sweep",
    ),
)
"""The rogues of tiles whose size is no power of two."""

__all__ = ["ROGUES"]
