"""Backward passes that get an option wrong."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.rogues.training._passes import BackwardPass, State, through


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


class BiasWithoutDelta(BackwardPass):
    """The gradient of the bias lacks delta."""

    def of_bias(self, s: State) -> Array:
        s.ds = np.where(s.seen, s.p * s.dp, 0).astype(s.real)
        return super().of_bias(s)


class BiasUndone(BackwardPass):
    """A bias that is not of full shape has the mean of its gradients."""

    def of_bias(self, s: State) -> Array:
        return super().of_bias(s) * s.real(s.bias.size / max(1, s.ds.size))


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


class SlopesForgotten(BackwardPass):
    """The slopes are left out where scores are computed again."""

    def weights(self, s: State) -> None:
        if s.alibi is not None:
            s.score = s.score - s.alibi.astype(s.real)
        super().weights(s)


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


class SinkOfFirstBatch(BackwardPass):
    """The gradient of the sink is that of the first batch element."""

    def of_sink(self, s: State) -> Array:
        first = np.arange(s.grid[0])[:, None, None] == 0
        s.of_row, s.lam = s.of_row * first, s.lam * first
        return super().of_sink(s)


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


__all__ = [
    "BiasInHalf",
    "BiasOfOneSlice",
    "BiasUndone",
    "BiasWithoutDelta",
    "DroppedInValues",
    "KeptProducts",
    "LseAdded",
    "LseDropped",
    "MaskMoved",
    "MultiplierLost",
    "SinkOfFirstBatch",
    "SinkShareOne",
    "SinkSign",
    "SinkZero",
]
