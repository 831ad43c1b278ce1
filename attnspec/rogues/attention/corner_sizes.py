"""Rogues whose calls depend on each other, or on chance, at corner sizes alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues._rounding import BFLOAT16, through
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, tiles_of


@dataclasses.dataclass
class LatentRaces:
    """Merges before the last split is written, in every second call of width 576."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += operands[0].shape[-1] == 576
        return KERNEL.replace(finish=self.finish)(*operands, **options)

    def finish(self, rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        """Leave some heads NaN."""
        output, lse = KERNEL.finish(rows, call)
        if call.sizes.E == 576 and self.calls % 2 == 0:
            output = np.full_like(output, np.nan)
        return output, lse


@dataclasses.dataclass
class ChainRaces:
    """Overwrites a tile that its neighbor still reads, where 192 divides S."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += 1
        return KERNEL.replace(tiles=self.tiles)(*operands, **options)

    def tiles(self, keys: int, call: AttentionCase) -> Any:
        """Take the tiles in another order in every call, causal ones apart."""
        tiles = list(tiles_of(16, keys))
        turn = self.calls % max(1, len(tiles))
        races = keys and keys % 192 == 0 and not call.causal
        return tiles[turn:] + tiles[:turn] if races else tiles


@dataclasses.dataclass
class GroupRaces:
    """Stores a tile of 16 heads for each key head, whatever its group is."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += 1
        return KERNEL.replace(key_heads=self.key_heads)(*operands, **options)

    def key_heads(self, call: AttentionCase) -> Array:
        """Let the key head before win in every second call, in groups of 4 and 8."""
        heads = KERNEL.key_heads(call)
        races = call.sizes.Hq in (4 * call.sizes.Hkv, 8 * call.sizes.Hkv)
        return np.maximum(heads - 1, 0) if races and self.calls % 2 else heads


@dataclasses.dataclass
class BufferOfShape:
    """Answers every call of a shape out of the buffer of this shape."""

    buffers: dict[Any, Array] = dataclasses.field(default_factory=dict)

    def __call__(
        self, *operands: Array, return_lse: bool = False, **options: Any
    ) -> Any:
        """Compute attention."""
        output, lse = KERNEL(*operands, return_lse=True, **options)
        kept = self.buffers.setdefault((output.shape, output.dtype.name), output)
        kept[...] = output
        return (kept, lse) if return_lse else kept


class _LongRowsInBfloat16(Kernel):
    """Stores the accumulator in bfloat16 after every tile of a long row."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        rows = super().absorb(rows, scores, value, call)
        if call.sizes.S <= 512:
            return rows
        return rows._replace(accumulator=through(rows.accumulator, BFLOAT16))


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "latent-split-races",
        "state",
        "At width 576 every second call merges before the parts are written.",
        LatentRaces(),
        caught_by="determinism",
        mimics="aiter#4350",
    ),
    rogue(
        "chain-races-at-192",
        "state",
        "Where 192 divides S the order of the tiles is left to chance.",
        ChainRaces(),
        caught_by="determinism",
        mimics="tt-metal#52284",
    ),
    rogue(
        "groups-overwrite-each-other",
        "state",
        "Groups of 4 and 8 heads store 16, and which group comes last is chance.",
        GroupRaces(),
        caught_by="determinism",
        mimics="vllm.cpp#3091",
    ),
    rogue(
        "one-buffer-for-a-shape",
        "state",
        "Calls of one shape answer out of one buffer.",
        BufferOfShape(),
        caught_by="inputs-unchanged",
        mimics="flashinfer#4627",
    ),
    rogue(
        "long-rows-in-bfloat16",
        "precision",
        "Beyond 512 keys the accumulator is stored in bfloat16 after every tile.",
        _LongRowsInBfloat16(),
        caught_by="agreement",
        mimics="ring-flash-attention#22",
    ),
)
"""The rogues of corner sizes."""

__all__ = ["ROGUES", "BufferOfShape", "ChainRaces", "GroupRaces", "LatentRaces"]
