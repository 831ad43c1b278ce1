"""Backward passes whose weights or gradients of scores are wrong."""

from __future__ import annotations

import dataclasses
from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.rogues.training._passes import BackwardPass, State, through


class DeltaMissing(BackwardPass):
    """Delta is zero."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = np.zeros_like(s.of_row)


class DeltaOfOneTile(BackwardPass):
    """Delta sums the first tile of keys."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = (s.p * s.dp)[..., :16].sum(axis=-1)


class DeltaOfNextRow(BackwardPass):
    """Delta is that of the next row."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = np.roll(s.of_row, -1, axis=-1)


class DeltaTwice(BackwardPass):
    """Every tile of 64 value columns subtracts delta."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = s.of_row * s.real(-(-s.value.shape[3] // 64))


class DeltaOfRounded(BackwardPass):
    """Delta has the output as it was before it was rounded to half of its digits."""

    def delta(self, s: State) -> None:
        super().delta(s)
        coarse = through(s.output, ml_dtypes.float8_e4m3fn)
        s.of_row = (s.d_output * coarse).sum(axis=-1)


class NarrowDelta(BackwardPass):
    """Delta is rounded to bfloat16."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = through(s.of_row, ml_dtypes.bfloat16)


class NarrowLse(BackwardPass):
    """The logsumexp is saved in bfloat16."""

    def forward(self, s: State) -> None:
        super().forward(s)
        s.lse = through(s.lse, ml_dtypes.bfloat16)


class FirstLse(BackwardPass):
    """All batch elements have the logsumexp of the first."""

    def forward(self, s: State) -> None:
        super().forward(s)
        s.lse = np.broadcast_to(s.lse[:1], s.lse.shape)


class OwnLse(BackwardPass):
    """The logsumexp is formed anew, though one of more keys is given."""

    def forward(self, s: State) -> None:
        output, lse = s.given
        s.given = output, None
        super().forward(s)
        s.given = output, lse
        if output is not None:
            s.output = output.astype(s.real)


class BinaryLse(BackwardPass):
    """A logsumexp that is given is read as one to base two."""

    def forward(self, s: State) -> None:
        super().forward(s)
        if s.given[1] is not None:
            s.lse = s.lse * s.real(np.log(2.0))


class OtherOutput(BackwardPass):
    """Delta is made of another output than is returned: of one in bfloat16."""

    def forward(self, s: State) -> None:
        super().forward(s)
        s.returned, s.output = s.output, through(s.output, ml_dtypes.bfloat16)

    def saved(self, s: State) -> tuple[Array, Array]:
        return s.returned.astype(s.dtype), s.lse


@dataclasses.dataclass(frozen=True)
class StaleOutput(BackwardPass):
    """The output that is returned is that of the last call of its shape."""

    outputs: dict[Any, Array] = dataclasses.field(default_factory=dict)

    def saved(self, s: State) -> tuple[Array, Array]:
        output, lse = super().saved(s)
        before = self.outputs.get(output.shape, output)
        self.outputs[output.shape] = output
        return before, lse


class MaskForgotten(BackwardPass):
    """The weights are formed anew without the mask."""

    def weights(self, s: State) -> None:
        super().weights(s)
        score = s.x if s.softcap is None else s.real(s.softcap) * s.tanh
        shift = np.where(s.live, s.lse, s.real(0))[..., None]
        s.p = np.where(s.seen, s.p, np.exp(score - shift))
        s.share = s.kept * s.p
        s.seen = np.ones_like(s.seen)


class CausalIgnored(BackwardPass):
    """The backward pass is causal by the key's row alone, and not by the flag."""

    def weights(self, s: State) -> None:
        rows, keys = s.grid[2:]
        if rows == keys and rows > 1:
            s.seen = s.seen & np.tri(rows, keys, dtype=bool)
        super().weights(s)


class EmptyRowsAsNan(BackwardPass):
    """An empty row has minus infinity less minus infinity in its exponent."""

    def weights(self, s: State) -> None:
        super().weights(s)
        empty = ~s.live[..., None]
        s.p = np.where(empty, s.real(np.nan), s.p)
        s.share = np.where(empty, s.real(np.nan), s.share)
        s.seen = s.seen | empty


class SlopeMissing(BackwardPass):
    """The slope of the softcap is left out."""

    def ds(self, s: State) -> None:
        super().ds(s)
        s.dx = s.ds


class SlopeTwice(BackwardPass):
    """The slope of the softcap is applied twice."""

    def ds(self, s: State) -> None:
        super().ds(s)
        s.dx = s.dx * (1 - s.tanh * s.tanh)


class SlopeOfProduct(BackwardPass):
    """The slope of the softcap is taken at the capped score."""

    def ds(self, s: State) -> None:
        super().ds(s)
        if s.softcap is not None:
            s.dx = s.ds * (1 - np.tanh(s.tanh) ** 2)


__all__ = [
    "BinaryLse",
    "CausalIgnored",
    "DeltaMissing",
    "DeltaOfNextRow",
    "DeltaOfOneTile",
    "DeltaOfRounded",
    "DeltaTwice",
    "EmptyRowsAsNan",
    "FirstLse",
    "MaskForgotten",
    "NarrowDelta",
    "NarrowLse",
    "OtherOutput",
    "OwnLse",
    "SlopeMissing",
    "SlopeOfProduct",
    "SlopeTwice",
    "StaleOutput",
]
