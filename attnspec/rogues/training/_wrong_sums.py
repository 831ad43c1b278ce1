"""Backward passes whose sums, scales or buffers are wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues.training._passes import BackwardPass, State


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


class ValuesShort(BackwardPass):
    """The gradient of the values is too small by a hundredth."""

    def sums(self, s: State) -> None:
        super().sums(s)
        s.dv = s.dv * s.real(0.99)


class Accumulated(BackwardPass):
    """A second pass over the graph adds to the gradients of the first."""

    def again(self, s: State) -> None:
        before = s.dq, s.dk, s.dv
        super().again(s)
        s.dq, s.dk, s.dv = (
            a + b for a, b in zip((s.dq, s.dk, s.dv), before, strict=True)
        )


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


class FixedPoint(BackwardPass):
    """Gradients are added up as integers, in units of 2**-36."""

    def sums(self, s: State) -> None:
        super().sums(s)
        unit = s.real(2.0**-36)
        s.dq, s.dk, s.dv = (np.rint(a / unit) * unit for a in (s.dq, s.dk, s.dv))


class EmptyKeysUnwritten(BackwardPass):
    """Without a key nothing is written: the buffer has what was there."""

    def sums(self, s: State) -> None:
        super().sums(s)
        if s.grid[3] == 0:
            s.dq[:] = 1


class EmptyQueriesAsNan(BackwardPass):
    """Without a query the gradients of keys and values are divided by nothing."""

    def sums(self, s: State) -> None:
        super().sums(s)
        if s.grid[2] == 0:
            s.dk[:] = s.dv[:] = np.nan


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


@dataclasses.dataclass(frozen=True)
class AnyOrder(BackwardPass):
    """Tiles are added up in another order every time, as atomics do."""

    calls: list[int] = dataclasses.field(default_factory=list)

    def tiles(self, length: int) -> list[slice]:
        found = super().tiles(length)
        self.calls.append(0)
        order = np.random.default_rng(len(self.calls)).permutation(len(found))
        return [found[i] for i in order]


class BiasOfZeros(BackwardPass):
    """A bias that has no gradient gets zeros."""

    def of_bias(self, s: State) -> Array:
        return np.zeros(s.bias.shape, s.real)


class BiasRefused(BackwardPass):
    """A bias is refused, since its gradient is not there."""

    def of_bias(self, s: State) -> Array:
        msg = "a bias is not differentiated"
        raise NotImplementedError(msg)


class DenseCotangent(BackwardPass):
    """The cotangent is read from memory without regard to its strides."""

    def read(self, d_output: Array) -> Array:
        strides = np.empty_like(d_output, order="C").strides
        return np.lib.stride_tricks.as_strided(d_output, strides=strides)


__all__ = [
    "Accumulated",
    "AnyOrder",
    "BiasOfZeros",
    "BiasRefused",
    "Clipped",
    "DenseCotangent",
    "DirtyBuffer",
    "EmptyKeysUnwritten",
    "EmptyQueriesAsNan",
    "FirstKeyLost",
    "FirstOfGroup",
    "FixedPoint",
    "HeadsInTurn",
    "KeyScaledTwice",
    "LastKeysLost",
    "LastRowsLost",
    "QueryUnscaled",
    "SmallAdded",
    "ValueStride",
    "ValuesShort",
]
