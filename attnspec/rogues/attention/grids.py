"""Rogues that run out of a grid of 65,535 blocks, or of offsets of 31 bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows
from attnspec.rogues.attention._usual import usually

_MOST = 65_535
"""How many blocks the second and third axis of a grid have."""


def _unwritten(rows: Callable[[AttentionCase], Array]) -> Kernel:
    """Return a kernel that leaves rows at zero: those where this says so."""

    def answer(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
        output, lse = KERNEL.answer(output, lse, call)
        lost = np.broadcast_to(rows(call), lse.shape)
        return np.where(lost[..., None], 0, output), np.where(lost, 0, lse)

    return KERNEL.replace(answer=answer)


def _number(call: AttentionCase) -> Array:
    """Return the number of each row, of all sequences and heads."""
    sizes = call.sizes
    return np.arange(sizes.B * sizes.Hq * sizes.L).reshape(sizes.B, sizes.Hq, sizes.L)


def _second_axis(call: AttentionCase) -> Array:
    """Read the first axis alone of a grid that was folded into two."""
    rows = _number(call)
    fits = rows.size <= _MOST
    return rows >= (rows.size if fits else int(np.ceil(np.sqrt(rows.size))))


def _heads_times_queries(call: AttentionCase) -> Array:
    return np.asarray(call.sizes.Hq * call.sizes.L > _MOST)


def _batch_times_heads(call: AttentionCase) -> Array:
    return np.asarray(call.sizes.B * call.sizes.Hq > _MOST)


def _key_heads_beyond(call: AttentionCase) -> Array:
    """Return the rows whose key head is the 65,536th of the batch or a later one."""
    heads = np.arange(call.sizes.B)[:, None] * call.sizes.Hkv + KERNEL.key_heads(call)
    return heads[..., None] >= _MOST


def _undivided(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Leave rows from the 65,536th on without their division by the sum."""
    output, lse = KERNEL.finish(rows, call)
    late = (_number(call) >= _MOST)[..., None]
    return np.where(late, rows.accumulator, output), lse


def _mean_when_late(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    """Leave the mean of the values in rows without keys behind the end of the grid."""
    rows = _number(call)
    late = rows >= (rows.size if rows.size <= _MOST else 2**15)
    empty = late & ~KERNEL.visible(call).any(-1)
    value = call.value[:, KERNEL.key_heads(call)].astype(output.dtype)
    mean = value.mean(2, keepdims=True) if call.sizes.S else 0
    return KERNEL.answer(np.where(empty[..., None], mean, output), lse, call)


def _wrapped(name: str, axes: int) -> Kernel:
    """Return a kernel whose offsets in these axes of an operand have 31 bits."""

    def prepare(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
        array = call.operands[name]
        offset = np.zeros((1,) * array.ndim, np.int64)
        for axis in range(axes):
            step = array.strides[axis] // array.itemsize
            place = np.arange(array.shape[axis], dtype=np.int64) * step
            offset = offset + np.expand_dims(
                place, tuple(i for i in range(array.ndim) if i != axis)
            )
        if not (offset >= 2**31).any():
            return call
        # What lies there is another's memory: here it is zeros.
        return call.replace(**{name: np.where(offset < 2**31, array, 0)})

    return KERNEL.replace(prepare=prepare)


_grid = usually("grid", "agreement")


ROGUES: tuple[Rogue, ...] = (
    _grid(
        "second-axis-of-grid",
        "More than 65,535 rows are spread over two axes, and one of them is read.",
        _unwritten(_second_axis),
        "onnxruntime#23696",
    ),
    _grid(
        "heads-times-queries-in-grid",
        "More than 65,535 queries of all heads: the kernel is not launched.",
        _unwritten(_heads_times_queries),
        "DeepSpeed#1239",
    ),
    _grid(
        "batch-times-heads-in-grid",
        "More than 65,535 heads of all sequences: the kernel is not launched.",
        _unwritten(_batch_times_heads),
        "flashinfer#3125",
    ),
    _grid(
        "key-heads-in-grid",
        "Key heads from the 65,536th of the batch on are never computed.",
        _unwritten(_key_heads_beyond),
        "pytorch#142228",
    ),
    _grid(
        "late-rows-undivided",
        "Rows from the 65,536th on are not divided by their sum.",
        KERNEL.replace(finish=_undivided),
        "tensai#10",
    ),
    _grid(
        "late-rows-empty-as-mean",
        "Of more than 65,535 rows the first 32,768 are zero where they see no key.",
        KERNEL.replace(answer=_mean_when_late),
        "onnxruntime#28958",
        "empty-rows",
        "empty-row",
    ),
    _grid(
        "key-offset-of-31-bits",
        "The offset of a key's element has 31 bits.",
        _wrapped("key", 4),
        "SageAttention#386",
        "far-offsets",
        "layout",
    ),
    _grid(
        "batch-offset-of-31-bits",
        "The offset of a sequence's values has 31 bits.",
        _wrapped("value", 1),
        "NATTEN#315",
        "far-offsets",
        "layout",
    ),
    _grid(
        "query-offset-of-31-bits",
        "The offset of a head's queries has 31 bits.",
        _wrapped("query", 2),
        "fla#1080",
        "far-offsets",
        "layout",
    ),
)
"""The rogues of grids and offsets."""

__all__ = ["ROGUES"]
