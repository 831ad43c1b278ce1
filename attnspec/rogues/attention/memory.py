"""Rogues that mistake memory: strides, expanded operands, the caller's arrays."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Tables


def _read(array: Array, strides: tuple[int, ...]) -> Array:
    """Read an operand with other strides than its own, from its own first element.

    Indices wrap around in the memory that belongs to the operand, so that no
    foreign memory is read.
    """
    if not array.size:
        return array
    memory, start = _memory(array)
    grid = np.indices(array.shape).reshape(array.ndim, -1)
    steps = np.array([stride // array.itemsize for stride in strides])
    where = (start + steps @ grid) % memory.size
    return memory[where].reshape(array.shape)


def _memory(array: Array) -> tuple[Array, int]:
    """Return the flat memory around an operand, and where in it the operand starts."""
    if not all(array.strides):  # What owns an expanded view cannot be asked for.
        once = tuple(slice(None if stride else 1) for stride in array.strides)
        foreign = np.full(61, True if array.dtype == np.bool_ else np.nan)
        return np.append(array[once], foreign).astype(array.dtype), 0
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    # The owner may be memory in bytes, from which the operand is a view.
    start, item = array.ctypes.data - owner.ctypes.data, array.itemsize
    memory = owner.ravel("K").view(np.uint8)[start % item :]
    whole = memory[: memory.size // item * item]
    return whole.view(array.dtype), start // item


def _dense(array: Array) -> tuple[int, ...]:
    """Return the strides of a contiguous array of this shape."""
    steps = np.cumprod((1, *array.shape[:0:-1]))[::-1]
    return tuple(int(step) * array.itemsize for step in steps)


def _as_dense(*names: str) -> object:
    """Return a step that reads these operands as if they were contiguous."""

    def prepare(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
        found = {n: getattr(call, n) for n in names}
        read = {n: _read(a, _dense(a)) for n, a in found.items() if a is not None}
        return call.replace(**read)

    return prepare


def _expanded_as_dense(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    def read(array: Array) -> Array:
        steps = zip(array.strides, array.shape, strict=True)
        expanded = any(stride == 0 and length > 1 for stride, length in steps)
        return _read(array, _dense(array)) if expanded else array

    return call.replace(key=read(call.key), value=read(call.value))


def _value_with_strides_of_key(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    if call.key.shape != call.value.shape:
        return call
    return call.replace(value=_read(call.value, call.key.strides))


def _scaled_in_place(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    query = call.query
    if not all(query.strides):
        query = query.copy()
    query *= np.asarray(call.effective_scale, query.dtype)
    return call.replace(query=query)


def _hidden_values_cleared(tables: Tables, call: AttentionCase) -> Tables:
    unseen = ~tables.visible.any((0, 1, 2))
    if all(call.value.strides):
        call.value[:, :, unseen] = 0
    return tables


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "key-read-as-dense",
        "layout",
        "Keys are read as if they were contiguous.",
        KERNEL.replace(prepare=_as_dense("key")),
        caught_by="layout",
        mimics="pytorch#181133",
    ),
    rogue(
        "query-read-as-dense",
        "layout",
        "Queries are read as if they were contiguous.",
        KERNEL.replace(prepare=_as_dense("query")),
        caught_by="layout",
        mimics="flash-attention#2665",
    ),
    rogue(
        "mask-read-as-dense",
        "layout",
        "Masks and biases are read as if they were contiguous.",
        KERNEL.replace(prepare=_as_dense("mask", "bias")),
        caught_by="layout",
        mimics="openvino#30758",
    ),
    rogue(
        "expanded-read-as-dense",
        "layout",
        "A stride of 0 is taken for a dense one; all other strides are honored.",
        KERNEL.replace(prepare=_expanded_as_dense),
        caught_by="layout",
        mimics="flash-attention#2189",
    ),
    rogue(
        "value-with-strides-of-key",
        "layout",
        "Values are walked with the strides of the keys.",
        KERNEL.replace(prepare=_value_with_strides_of_key),
        caught_by="layout",
        mimics="mlx#1558",
    ),
    rogue(
        "query-scaled-in-place",
        "layout",
        "The scale is multiplied into the caller's query.",
        KERNEL.replace(prepare=_scaled_in_place, scale=lambda _: 1.0),
        caught_by="inputs-unchanged",
        mimics="mlx#3121",
    ),
    rogue(
        "hidden-values-cleared",
        "layout",
        "Values that nobody sees are set to zero in the caller's array.",
        KERNEL.replace(stage=_hidden_values_cleared),
        caught_by="inputs-unchanged",
        mimics="cubecl#1674",
    ),
)
"""The rogues of memory."""


__all__ = ["ROGUES"]
