"""Rogues that are wrong at the widths of real models: 72, 128, 192, 256, 512, 576."""

from __future__ import annotations

import numpy as np

from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues._rounding import tfloat32
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables
from attnspec.rogues.attention._split import Split
from attnspec.rogues.attention._usual import usually


def _first_64_again(tables: Tables, call: AttentionCase) -> Tables:
    """Read the channels of a wide key modulo 64."""
    if call.sizes.E <= 64 or call.sizes.E % 64:
        return tables
    return tables._replace(key=tables.key[..., np.arange(call.sizes.E) % 64])


def _summed(tables: Tables, channels: int) -> Tables:
    """Sum the first channels of the products alone."""
    query, key = tables.query[..., :channels], tables.key[..., :channels]
    return tables._replace(query=query, key=key)


def _half_of_256(tables: Tables, call: AttentionCase) -> Tables:
    return _summed(tables, 128) if call.sizes.E == 256 else tables


def _whole_32(tables: Tables, call: AttentionCase) -> Tables:
    width = call.sizes.E
    return _summed(tables, width // 32 * 32) if width > 64 else tables


def _first_half_of_page(tables: Tables, call: AttentionCase) -> Tables:
    """Read half a page of eight values again instead of its second half."""
    if call.sizes.Ev <= 256:
        return tables
    key = np.arange(call.sizes.S)
    return tables._replace(value=tables.value[:, :, key // 8 * 8 + key % 4])


def _of_first_batch(tables: Tables, call: AttentionCase) -> Tables:
    """Let every sequence read the first one's key channels from the 257th on."""
    if call.sizes.E <= 256 or call.sizes.B < 2:
        return tables
    key = tables.key.copy()
    key[1:, ..., 256:] = key[:1, ..., 256:]
    return tables._replace(key=key)


def _step_of_key(tables: Tables, call: AttentionCase) -> Tables:
    """Step from value to value by the width of a key."""
    sizes = call.sizes
    if sizes.E <= 128 or sizes.Ev == sizes.E or not sizes.S:
        return tables
    flat = tables.value.reshape(*tables.value.shape[:2], -1)
    where = np.arange(sizes.S)[:, None] * sizes.E + np.arange(sizes.Ev)
    return tables._replace(value=flat[:, :, where % flat.shape[2]])


class _LatentSplit(Split):
    """Divides each part by its sum before merging, even where that is 0/0."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        merged = super().merged(rows, call)
        if call.sizes.E != 576:
            return merged
        keyless = np.any([part.total == 0 for part in rows], axis=0)
        held = np.where(keyless, np.nan, merged.accumulator)
        return merged._replace(accumulator=held.astype(merged.accumulator.dtype))


def _narrow_with_mask(tables: Tables, call: AttentionCase) -> Tables:
    """Round operands to TF32 in the kernel for masks and multiples of 64."""
    if call.mask is None or call.sizes.E % 64 or call.query.dtype != np.float32:
        return tables
    return tables._replace(query=tfloat32(tables.query), key=tfloat32(tables.key))


_width = usually("width", "agreement")


ROGUES: tuple[Rogue, ...] = (
    _width(
        "first-64-channels-again",
        "Keys of 128 channels and more are read modulo 64.",
        KERNEL.replace(stage=_first_64_again),
        "AMD-flashinfer#83",
    ),
    _width(
        "half-of-256-channels",
        "Of 256 channels the second half is not summed.",
        KERNEL.replace(stage=_half_of_256),
        "flashinfer#1993",
    ),
    _width(
        "channels-in-whole-32s",
        "Of more than 64 channels those after the last multiple of 32 are not summed.",
        KERNEL.replace(stage=_whole_32),
        "mlc-llm#1889",
    ),
    _width(
        "wide-values-stay-on-page",
        "Of values wider than 256 the second half of each page is its first half.",
        KERNEL.replace(stage=_first_half_of_page),
        "flashinfer#4570",
    ),
    _width(
        "wide-keys-of-first-batch",
        "Every sequence reads the first one's key channels from the 257th on.",
        KERNEL.replace(stage=_of_first_batch),
        "tt-metal#50512",
        "batch-independence",
        "batch",
    ),
    _width(
        "value-step-of-wide-key",
        "Values beside wider keys are stepped through by the width of a key.",
        KERNEL.replace(stage=_step_of_key),
        "flash-attention#2552",
    ),
    _width(
        "latent-split-without-keys",
        "At width 576 a part of the keys that a row cannot see makes the row NaN.",
        _LatentSplit(4),
        "aiter#4711",
        "causal-support",
        mistake="empty-row",
    ),
    _width(
        "masked-kernel-in-tfloat32",
        "Widths that 64 divides have a kernel for masks, and it rounds to TF32.",
        KERNEL.replace(stage=_narrow_with_mask),
        "mlx#3897",
        "mask-forms",
        mistake="precision",
    ),
)
"""The rogues of real widths."""

__all__ = ["ROGUES"]
