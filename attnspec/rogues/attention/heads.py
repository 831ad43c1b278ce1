"""Rogues that mistake heads, batch elements and widths."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Tables
from attnspec.rogues.attention._steps import tiled_heads
from attnspec.rogues.attention._usual import usually


def _by_key_heads(call: AttentionCase) -> Array:
    heads = np.arange(call.sizes.Hq) // max(1, call.sizes.Hkv)
    return np.minimum(heads, call.sizes.Hkv - 1)


def _group_as_stride(call: AttentionCase) -> Array:
    group = call.sizes.Hq // max(1, call.sizes.Hkv)
    return np.arange(call.sizes.Hq) // group * group % max(1, call.sizes.Hkv)


def _tile_of_four(call: AttentionCase) -> Array:
    heads = np.arange(call.sizes.Hq)
    grouped = call.sizes.Hq != call.sizes.Hkv
    return KERNEL.key_heads(call)[heads // 4 * 4 if grouped else heads]


def _power_of_two(call: AttentionCase) -> Array:
    group = call.sizes.Hq // max(1, call.sizes.Hkv)
    return np.arange(call.sizes.Hq) >> max(0, (group - 1).bit_length())


def _stride_of_query_heads(tables: Tables, call: AttentionCase) -> Tables:
    """Step from batch to batch over as many key heads as there are query heads."""
    sizes = call.sizes
    batch = np.arange(sizes.B)[:, None] * sizes.Hq + KERNEL.key_heads(call)
    where = batch % max(1, sizes.B * sizes.Hkv)
    heads = sizes.B * sizes.Hkv  # Without keys their number does not follow.
    key = call.key.reshape(heads, sizes.S, sizes.E)[where]
    return tables._replace(key=key.astype(tables.key.dtype))


def _swapped_heads_and_batch(tables: Tables, call: AttentionCase) -> Tables:
    """Take the batch axis for the head axis where both are equally long."""
    if call.sizes.Hq != call.sizes.B:
        return tables
    return tables._replace(key=tables.key.swapaxes(0, 1))


def _even_width(tables: Tables, call: AttentionCase) -> Tables:
    """Read keys and queries two channels at a time."""
    even = call.sizes.E // 2 * 2 or call.sizes.E
    return tables._replace(query=tables.query[..., :even], key=tables.key[..., :even])


def _value_width_of_key(tables: Tables, call: AttentionCase) -> Tables:
    """Write as many channels as a key has; the rest stay zero."""
    value = tables.value.copy()
    value[..., call.sizes.E :] = 0
    return tables._replace(value=value)


def _values_in_pairs(tables: Tables, call: AttentionCase) -> Tables:
    """Let the last of an odd number of value channels repeat the one before."""
    if call.sizes.Ev % 2 == 0 or call.sizes.Ev == 1:
        return tables
    value = tables.value.copy()
    value[..., -1] = value[..., -2]
    return tables._replace(value=value)


_heads = usually("heads", "grouped-heads")


ROGUES: tuple[Rogue, ...] = (
    _heads(
        "heads-tiled",
        "Query head h reads key head h modulo Hkv.",
        KERNEL.replace(key_heads=tiled_heads),
        "onnx#7131",
    ),
    _heads(
        "heads-by-key-heads",
        "Query head h reads key head h // Hkv.",
        KERNEL.replace(key_heads=_by_key_heads),
        "ONNXim#33",
    ),
    _heads(
        "group-as-stride",
        "The group size is taken for a stride.",
        KERNEL.replace(key_heads=_group_as_stride),
        "HipKittens#22",
    ),
    _heads(
        "four-heads-at-a-time",
        "Four query heads at a time read the first one's key head.",
        KERNEL.replace(key_heads=_tile_of_four),
        "FreeToken#177",
    ),
    _heads(
        "group-of-power-of-two",
        "The group size is rounded up to a power of two.",
        KERNEL.replace(key_heads=_power_of_two),
        "flashinfer#1148",
    ),
    rogue(
        "values-of-first-head",
        "heads",
        "All heads read the first head's values.",
        KERNEL.replace(value_heads=lambda call: KERNEL.key_heads(call) * 0),
        caught_by="head-independence",
    ),
    rogue(
        "values-tiled",
        "heads",
        "Keys are shared by consecutive heads, values by every Hkv-th.",
        KERNEL.replace(value_heads=tiled_heads),
        caught_by="grouped-heads",
        mimics="jax-js#180",
    ),
    rogue(
        "batch-stride-of-query-heads",
        "batch",
        "The key of the next batch element is sought Hq heads further.",
        KERNEL.replace(stage=_stride_of_query_heads),
        caught_by="batch-independence",
        mimics="jax@be78ee0f",
    ),
    rogue(
        "values-of-first-batch",
        "batch",
        "The whole batch reads the first element's values.",
        KERNEL.replace(
            stage=lambda t, _: t._replace(value=t.value[:1].repeat(len(t.value), 0))
        ),
        caught_by="batch-independence",
        mimics="pytorch#139462",
    ),
    rogue(
        "batch-and-heads-swapped",
        "batch",
        "Batch and heads of the keys change places when B equals Hq.",
        KERNEL.replace(stage=_swapped_heads_and_batch),
        caught_by="batch-independence",
        mimics="mlx#2152",
    ),
    rogue(
        "even-width",
        "width",
        "The last of an odd number of channels is not summed.",
        KERNEL.replace(stage=_even_width),
        caught_by="agreement",
        mimics="flash-attention@215930bc",
    ),
    rogue(
        "sixty-four-channels",
        "width",
        "Channels from the 65th on are not summed.",
        KERNEL.replace(
            stage=lambda t, _: t._replace(query=t.query[..., :64], key=t.key[..., :64])
        ),
        caught_by="agreement",
    ),
    rogue(
        "value-width-of-key",
        "width",
        "Only the first E channels of the output are written.",
        KERNEL.replace(stage=_value_width_of_key),
        caught_by="agreement",
        mimics="flash-attention#2552",
    ),
    rogue(
        "value-channels-in-pairs",
        "width",
        "The last of an odd number of value channels repeats its neighbor.",
        KERNEL.replace(stage=_values_in_pairs),
        caught_by="agreement",
        mimics="jax@c9a5799a",
    ),
)
"""The rogues of heads, batches and widths."""

__all__ = ["ROGUES"]
