"""Rogues that keep something from one call to the next, and races."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables, tiles_of


@dataclasses.dataclass
class OneBuffer:
    """Answers out of one buffer that grows and is used again in every call."""

    buffer: Array = dataclasses.field(default_factory=lambda: np.empty(0, np.float32))

    def __call__(
        self, *operands: Array, return_lse: bool = False, **options: Any
    ) -> Any:
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
        lengths = zip(np.asarray(self.mask).shape[::-1], shape[::-1], strict=False)
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
        return (
            tuple(map(np.copy, answer)) if isinstance(answer, tuple) else answer.copy()
        )


@dataclasses.dataclass
class StaleTail:
    """Loads the last tile into a buffer that still holds keys of an earlier call."""

    keys: Array = dataclasses.field(default_factory=lambda: np.empty(0))

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        return KERNEL.replace(stage=self.stage)(*operands, **options)

    def stage(self, tables: Tables, call: AttentionCase) -> Tables:
        """Lose the first key of a last, partial tile to the buffer."""
        last = call.sizes.S // 16 * 16
        stale = self.keys
        self.keys = tables.key
        if (
            last == call.sizes.S
            or stale.shape[-1:] != tables.key.shape[-1:]
            or not stale.size
        ):
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

    def tiles(self, keys: int, call: AttentionCase) -> Any:  # noqa: ARG002 - a step's form
        """Take tiles of one key forward or backward."""
        tiles = list(tiles_of(1, keys))
        return tiles if self.calls % 2 else tiles[::-1]


class TileRaces(OrderRaces):
    """Reads before the last tile is written, in every third call."""

    def tiles(self, keys: int, call: AttentionCase) -> Any:  # noqa: ARG002 - a step's form
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

    def finish(self, rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        """Leave empty rows as they lie in memory."""
        output, lse = KERNEL.finish(rows, call)
        output = np.where(rows.total == 0, np.float32(self.left), output)
        self.left = float(output.flat[0]) if output.size else self.left
        return output, lse


ROGUES: tuple[Rogue, ...] = (
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
"""The rogues of state."""


__all__ = [
    "ROGUES",
    "AnswersRemembered",
    "EmptyRowsUnwritten",
    "FlagsCompiledIn",
    "MaskSurvives",
    "OneBuffer",
    "OrderRaces",
    "StaleTail",
    "TileRaces",
]
