"""Rogues that mistake memory: strides, inputs, leftovers of other calls, races."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec.cases import Array, Case
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues._kernel import KERNEL, Rows, Tables, tiles_of


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
    start = array.ctypes.data - owner.ctypes.data
    return owner.reshape(-1), start // array.itemsize


def _dense(array: Array) -> tuple[int, ...]:
    """Return the strides of a contiguous array of this shape."""
    steps = np.cumprod((1, *array.shape[:0:-1]))[::-1]
    return tuple(int(step) * array.itemsize for step in steps)


def _key_as_dense(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    return call.replace(key=_read(call.key, _dense(call.key)))


def _query_as_dense(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    return call.replace(query=_read(call.query, _dense(call.query)))


def _mask_as_dense(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    masks = {n: getattr(call, n) for n in ("mask", "bias")}
    read = {n: _read(a, _dense(a)) for n, a in masks.items() if a is not None}
    return call.replace(**read)


def _expanded_as_dense(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    def read(array: Array) -> Array:
        steps = zip(array.strides, array.shape, strict=True)
        expanded = any(stride == 0 and length > 1 for stride, length in steps)
        return _read(array, _dense(array)) if expanded else array

    return call.replace(key=read(call.key), value=read(call.value))


def _value_with_strides_of_key(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    if call.key.shape != call.value.shape:
        return call
    return call.replace(value=_read(call.value, call.key.strides))


def _scaled_in_place(call: Case, lse: bool) -> Case:  # noqa: ARG001, FBT001 - a step's form
    query = call.query
    if not all(query.strides):
        query = query.copy()
    query *= np.asarray(call.effective_scale, query.dtype)
    return call.replace(query=query)


def _hidden_values_cleared(tables: Tables, call: Case) -> Tables:
    unseen = ~tables.visible.any((0, 1, 2))
    if all(call.value.strides):
        call.value[:, :, unseen] = 0
    return tables


@dataclasses.dataclass
class OneBuffer:
    """Answers out of one buffer that grows and is used again in every call."""

    buffer: Array = dataclasses.field(default_factory=lambda: np.empty(0, np.float32))

    def __call__(self, *operands: Array, return_lse: bool = False, **options: Any) -> Any:
        """Compute attention."""
        output, lse = KERNEL(*operands, return_lse=True, **options)
        if self.buffer.size < output.size:
            self.buffer = np.empty(2 * output.size + 4096, output.dtype)
        view = self.buffer[: output.size].reshape(output.shape)
        view[...] = output
        return (view, lse) if return_lse else view


@dataclasses.dataclass
class FlagsCompiledIn:
    """Compiles for shapes alone: the first call's causal flag and window stay."""

    compiled: dict[Any, Any] = dataclasses.field(default_factory=dict)

    def __call__(self, query: Array, key: Array, value: Array, **options: Any) -> Any:
        """Compute attention."""
        flags = ("causal", "window")
        mine = {name: options.pop(name) for name in flags if name in options}
        kept = self.compiled.setdefault((query.shape, key.shape), mine)
        return KERNEL(query, key, value, **options, **kept)


@dataclasses.dataclass
class MaskSurvives:
    """Keeps the last mask and applies it to later calls of the same shape."""

    mask: Array | None = None

    def __call__(self, query: Array, key: Array, value: Array, **options: Any) -> Any:
        """Compute attention."""
        if options.get("mask") is not None:
            self.mask = np.array(options["mask"])
        if self.mask is not None and self.fits((*query.shape[:3], key.shape[2])):
            options["mask"] = self.mask
        return KERNEL(query, key, value, **options)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Return whether the last mask can be broadcast to this shape."""
        lengths = zip(np.shape(self.mask)[::-1], shape[::-1], strict=False)
        return all(mine in (1, length) for mine, length in lengths)


@dataclasses.dataclass
class AnswersRemembered:
    """Remembers answers by the shapes and options of a call, not by its numbers."""

    answers: dict[Any, Any] = dataclasses.field(default_factory=dict)

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention, once."""
        name = (*(a.shape for a in operands), *sorted(options))
        if name not in self.answers:
            self.answers[name] = KERNEL(*operands, **options)
        answer = self.answers[name]
        return tuple(map(np.copy, answer)) if isinstance(answer, tuple) else answer.copy()


@dataclasses.dataclass
class StaleTail:
    """Loads the last tile into a buffer that still holds keys of an earlier call."""

    keys: Array = dataclasses.field(default_factory=lambda: np.empty(0))

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        return KERNEL.replace(stage=self.stage)(*operands, **options)

    def stage(self, tables: Tables, call: Case) -> Tables:
        """Lose the first key of a last, partial tile to the buffer."""
        last = call.sizes.S // 16 * 16
        stale = self.keys
        self.keys = tables.key
        if last == call.sizes.S or stale.shape[-1:] != tables.key.shape[-1:] or not stale.size:
            return tables
        key = tables.key.copy()
        key[:, :, last] = stale[0, 0, -1]
        return tables._replace(key=key)


@dataclasses.dataclass
class OrderRaces:
    """Adds its tiles in an order that differs from call to call."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += 1
        kernel = KERNEL.replace(tiles=self.tiles)
        return kernel(*operands, **options)

    def tiles(self, keys: int, call: Case) -> Any:  # noqa: ARG002 - a step's form
        """Take tiles of one key forward or backward."""
        tiles = list(tiles_of(1, keys))
        return tiles if self.calls % 2 else tiles[::-1]


@dataclasses.dataclass
class TileRaces:
    """Reads before the last tile is written, in every third call."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += 1
        kernel = KERNEL.replace(tiles=self.tiles)
        return kernel(*operands, **options)

    def tiles(self, keys: int, call: Case) -> Any:  # noqa: ARG002 - a step's form
        """Lose the last tile of several in every third call."""
        tiles = list(tiles_of(4, keys))
        return tiles[:-1] if self.calls % 3 == 0 and len(tiles) > 1 else tiles


@dataclasses.dataclass
class EmptyRowsUnwritten:
    """Skips rows without keys: they hold what the last call left there."""

    left: float = 0.5

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        return KERNEL.replace(finish=self.finish)(*operands, **options)

    def finish(self, rows: Rows, call: Case) -> tuple[Array, Array]:
        """Leave empty rows as they lie in memory."""
        output, lse = KERNEL.finish(rows, call)
        output = np.where(rows.total == 0, np.float32(self.left), output)
        self.left = float(output.flat[0]) if output.size else self.left
        return output, lse


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "key-read-as-dense",
        "layout",
        "Keys are read as if they were contiguous.",
        KERNEL.replace(prepare=_key_as_dense),
        caught_by="layout",
        mimics="pytorch#181133",
    ),
    rogue(
        "query-read-as-dense",
        "layout",
        "Queries are read as if they were contiguous.",
        KERNEL.replace(prepare=_query_as_dense),
        caught_by="layout",
        mimics="flash-attention#2665",
    ),
    rogue(
        "mask-read-as-dense",
        "layout",
        "Masks and biases are read as if they were contiguous.",
        KERNEL.replace(prepare=_mask_as_dense),
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
    rogue(
        "one-output-buffer",
        "state",
        "Every call answers out of the same buffer.",
        OneBuffer(),
        caught_by="inputs-unchanged",
        mimics="flashinfer#4219",
    ),
    rogue(
        "flags-compiled-in",
        "state",
        "The causal flag and the window of the first call of a shape stay for ever.",
        FlagsCompiledIn(),
        caught_by="history",
        mimics="mlx#2053",
    ),
    rogue(
        "mask-survives",
        "state",
        "A mask stays in force in later calls that have none.",
        MaskSurvives(),
        caught_by="history",
        mimics="flashinfer#1028",
    ),
    rogue(
        "answers-remembered",
        "state",
        "A call with the shapes and options of an earlier one gets its answer.",
        AnswersRemembered(),
        caught_by="history",
        mimics="fib-starter-kit#21",
    ),
    rogue(
        "stale-tail",
        "state",
        "A key of a partial last tile is one of the call before.",
        StaleTail(),
        caught_by="history",
        mimics="vllm#47305",
    ),
    rogue(
        "order-races",
        "state",
        "The order of summation differs from call to call.",
        OrderRaces(),
        caught_by="determinism",
        mimics="flash-attention#2549",
    ),
    rogue(
        "tile-races",
        "state",
        "Now and then the last tile is not there yet.",
        TileRaces(),
        caught_by="determinism",
        mimics="flashinfer#4161",
    ),
    rogue(
        "empty-rows-unwritten",
        "empty-row",
        "Rows without keys are never written.",
        EmptyRowsUnwritten(),
        caught_by="empty-rows",
        mimics="flashinfer#1533",
    ),
)
"""The rogues of memory."""

__all__ = ["ROGUES"]
