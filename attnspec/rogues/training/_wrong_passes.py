"""Backward passes with one step that is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
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


class MaskForgotten(BackwardPass):
    """The weights are formed anew without the mask."""

    def weights(self, s: State) -> None:
        super().weights(s)
        score = s.x if s.softcap is None else s.real(s.softcap) * s.tanh
        shift = np.where(s.live, s.lse, s.real(0))[..., None]
        s.p = np.where(s.seen, s.p, np.exp(score - shift))
        s.share = s.kept * s.p
        s.seen = np.ones_like(s.seen)


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


class QueryUnscaled(BackwardPass):
    """The gradient of the query lacks the scale."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dq = s.dq / s.scale


class KeyScaledTwice(BackwardPass):
    """The gradient of the key has the scale twice."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dk = s.dk * s.scale


class LastRowsLost(BackwardPass):
    """Queries beyond a multiple of the tile give nothing to keys."""

    def places(self, s: State) -> Iterator[tuple[slice, slice]]:
        whole = max(1, s.grid[2] // 16) * 16
        for i, j in super().places(s):
            if i.start < whole:
                yield i, j


class LastKeysLost(BackwardPass):
    """Keys beyond a multiple of the tile are left out."""

    def places(self, s: State) -> Iterator[tuple[slice, slice]]:
        whole = max(1, s.grid[3] // 16) * 16
        for i, j in super().places(s):
            if j.start < whole:
                yield i, j


class FirstKeyLost(BackwardPass):
    """The first of several keys is taken for padding."""

    def sums(self, s: State) -> None:
        super().sums(s)
        if s.grid[3] > 1:
            s.dk[..., 0, :] = 0


class FirstOfGroup(BackwardPass):
    """A key head has the gradient of its first query head."""

    def grouped(self, array: Array, s: State) -> Array:
        return array[:, :: max(1, s.group)]


class HeadsInTurn(BackwardPass):
    """Query heads take key heads in turn, one after the other."""

    def repeated(self, array: Array, s: State) -> Array:
        return np.tile(array, (1, s.group, 1, 1))


class LseDropped(BackwardPass):
    """The cotangent of the logsumexp is lost."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.lam = np.zeros_like(s.lam)


class LseAdded(BackwardPass):
    """The cotangent of the logsumexp has the other sign."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.lam = -s.lam


class BiasOfOneSlice(BackwardPass):
    """The gradient of a broadcast bias is that of one slice."""

    def of_bias(self, s: State) -> Array:
        shape = (1,) * (4 - s.bias.ndim) + s.bias.shape
        first = tuple(slice(0, n) if n > 1 else slice(0, 1) for n in shape)
        return np.asarray(s.ds[first].reshape(s.bias.shape))


class BiasInHalf(BackwardPass):
    """The gradient of the bias is added up in bfloat16."""

    def of_bias(self, s: State) -> Array:
        s.ds = through(s.ds, ml_dtypes.bfloat16)
        return super().of_bias(s)


class SinkZero(BackwardPass):
    """The sink has no gradient."""

    def of_sink(self, s: State) -> Array:
        return super().of_sink(s) * 0


class SinkSign(BackwardPass):
    """The gradient of the sink has the other sign."""

    def of_sink(self, s: State) -> Array:
        return -super().of_sink(s)


class SinkShareOne(BackwardPass):
    """The gradient of the sink lacks the share that the sink has."""

    def of_sink(self, s: State) -> Array:
        return np.asarray(-(s.of_row - s.lam).sum(axis=(0, 2)))


class DroppedInValues(BackwardPass):
    """The gradient of the values has the weights before dropout."""

    def weights(self, s: State) -> None:
        super().weights(s)
        s.share = s.p


class KeptProducts(BackwardPass):
    """The gradients of weights are not multiplied by what is kept."""

    def delta(self, s: State) -> None:
        super().delta(s)
        s.dp = s.d_output @ s.value.swapaxes(-1, -2)


class MultiplierLost(BackwardPass):
    """What is kept is not divided by the probability to be kept."""

    def weights(self, s: State) -> None:
        super().weights(s)
        s.share = np.where(s.kept > 0, s.p, 0).astype(s.real)


class MaskMoved(BackwardPass):
    """The backward pass drops other weights than the forward pass did."""

    def weights(self, s: State) -> None:
        s.kept = np.roll(np.broadcast_to(s.kept, s.grid), 1, axis=-1)
        super().weights(s)


class Clipped(BackwardPass):
    """Gradients are clipped at four."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dq, s.dk, s.dv = (np.clip(a, -4, 4) for a in (s.dq, s.dk, s.dv))


class SmallAdded(BackwardPass):
    """A small number is added to every gradient."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dq, s.dk, s.dv = (a + s.real(1e-12) for a in (s.dq, s.dk, s.dv))


class ValueStride(BackwardPass):
    """The gradient of values is written with the stride of keys."""

    def sums(self, s: State) -> None:
        super().sums(s)
        width, columns = s.key.shape[3], s.value.shape[3]
        if width < columns:
            s.dv[..., width:] = 0


@dataclasses.dataclass(frozen=True)
class DirtyBuffer(BackwardPass):
    """The gradient of the query is added to what the last call left."""

    buffers: dict[Any, Array] = dataclasses.field(default_factory=dict)

    def sums(self, s: State) -> None:
        super().sums(s)
        before = self.buffers.get(s.dq.shape)
        if before is not None:
            s.dq = s.dq + before
        self.buffers[s.dq.shape] = s.dq


class DenseCotangent(BackwardPass):
    """The cotangent is read from memory without regard to its strides."""

    def read(self, d_output: Array) -> Array:
        strides = np.empty_like(d_output, order="C").strides
        return np.lib.stride_tricks.as_strided(d_output, strides=strides)


__all__ = [
    "BiasInHalf",
    "BiasOfOneSlice",
    "BinaryLse",
    "Clipped",
    "DeltaMissing",
    "DeltaOfNextRow",
    "DeltaOfOneTile",
    "DeltaTwice",
    "DenseCotangent",
    "DirtyBuffer",
    "DroppedInValues",
    "EmptyRowsAsNan",
    "FirstKeyLost",
    "FirstLse",
    "FirstOfGroup",
    "HeadsInTurn",
    "KeptProducts",
    "KeyScaledTwice",
    "LastKeysLost",
    "LastRowsLost",
    "LseAdded",
    "LseDropped",
    "MaskForgotten",
    "MaskMoved",
    "MultiplierLost",
    "NarrowDelta",
    "NarrowLse",
    "OtherOutput",
    "QueryUnscaled",
    "SinkShareOne",
    "SinkSign",
    "SinkZero",
    "SlopeMissing",
    "SlopeOfProduct",
    "SlopeTwice",
    "SmallAdded",
    "ValueStride",
]
