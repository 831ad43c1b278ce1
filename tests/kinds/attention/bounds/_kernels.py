"""Right kernels in low precision: everything that the models admit, in NumPy."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.judge.case import Result
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import alignment_of
from attnspec.reference import masks

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Kernel:
    """Tiled attention; the fields say what is rounded, and when.

    `real` is the format of scores and sums. Weights are rounded to `weights`,
    before or after they are normalized, and before or after they are added up.
    """

    real: type[np.floating[Any]] = np.float32
    weights: Any = None
    scores: Any = None
    prescale: Any = None
    tile: int | None = None
    splits: int = 1
    is_early: bool = False
    is_in_sum: bool = False
    is_base_two: bool = False
    fault: float = 0.0

    def __call__(self, case: AttentionCase, dialect: Dialect) -> Result:
        """Answer a case; `fault` is a relative error of every second weight."""
        with np.errstate(all="ignore"):
            scores, value = self._scores(case, dialect)
            parts = np.array_split(np.arange(scores.shape[-1]), self.splits)
            results = [self._part(scores[..., p], value[..., p, :]) for p in parts]
            if len(results) > 1:
                results = [self._merged(results)]
            output, lse = results[0]
        return Result(output.astype(case.query.dtype), {"lse": lse[..., 0]})

    def _round(self, array: Array, format_: Any) -> Array:
        """Round to a format, and return to the format of the computation."""
        return array if format_ is None else array.astype(format_).astype(self.real)

    def _scores(self, case: AttentionCase, dialect: Dialect) -> tuple[Array, Array]:
        """Return hidden and visible scores, and the values; a sink is a key."""
        group = case.sizes.Hq // case.sizes.Hkv
        query = case.query.astype(self.real)
        key = np.repeat(case.key.astype(self.real), group, axis=1).swapaxes(-1, -2)
        value = np.repeat(case.value.astype(self.real), group, axis=1)
        scale = self.real(case.effective_scale)
        if self.prescale is not None:
            scores = self._round(query * scale, self.prescale) @ key
        else:
            scores = self._round(query @ key, self.scores) * scale
        scores = self._round(scores, self.scores)
        steps = [self._capped, self._added]
        for step in steps[:: -1 if dialect["softcap_order"] == "after_bias" else 1]:
            scores = step(scores, case, dialect)
        scores = np.where(_visible(case, dialect), scores, self.real(-np.inf))
        if case.sink is not None:
            sink = case.sink.astype(self.real)[:, None, None]
            shape = (*scores.shape[:-1], 1)
            scores = np.concatenate([scores, np.broadcast_to(sink, shape)], axis=-1)
            value = np.concatenate([value, np.zeros_like(value[:, :, :1])], axis=2)
        return scores, value

    def _capped(self, scores: Array, case: AttentionCase, _: Dialect) -> Array:
        """Bend scores."""
        if case.softcap is None:
            return scores
        cap = self.real(case.softcap)
        return self._round(cap * np.tanh(scores / cap), self.scores)

    def _added(self, scores: Array, case: AttentionCase, dialect: Dialect) -> Array:
        """Add the bias and that of the slopes."""
        if case.bias is not None:
            scores = self._round(scores + case.bias.astype(self.real), self.scores)
        if case.alibi_slopes is None:
            return scores
        sizes = case.sizes
        here = masks.positions(sizes.L, sizes.S, alignment=alignment_of(dialect))
        j, apart = np.arange(sizes.S), here[:, None] - np.arange(sizes.S)
        left, right = case.window or (None, None)
        by_key = left is None and (case.causal or right == 0)
        by_key = by_key and dialect["causal_alibi"] == "key"
        steps = (j if by_key else -np.abs(apart)).astype(self.real)
        slopes = case.alibi_slopes.astype(self.real)[..., None, None]
        return self._round(scores + slopes * steps, self.scores)

    def _part(self, scores: Array, value: Array) -> tuple[Array, Array]:
        """Go over the keys tile by tile with a running maximum."""
        rows = (*scores.shape[:-1], 1)
        largest = np.full(rows, -np.inf, self.real)
        total, keys = np.zeros(rows, self.real), scores.shape[-1]
        output = np.zeros((*scores.shape[:-1], value.shape[-1]), self.real)
        tile = self.tile or max(1, keys)
        for start in range(0, keys, tile):
            here = scores[..., start : start + tile]
            new = np.maximum(largest, here.max(axis=-1, keepdims=True))
            safe = np.where(np.isfinite(new), new, self.real(0))
            decay = self._exp(largest - safe)
            weights = self._exp(here - safe)
            if self.fault:
                weights[..., ::2] *= self.real(1 + self.fault)
            rounded = self._round(weights, None if self.is_early else self.weights)
            added = rounded if self.is_in_sum else weights
            total = total * decay + added.sum(axis=-1, keepdims=True)
            if self.is_early and tile >= keys:
                rounded = self._round(weights / _nonzero(total), self.weights)
            output = output * decay + rounded @ value[..., start : start + tile, :]
            largest = new
        if not (self.is_early and tile >= keys):
            output = output / _nonzero(total)
        return output, largest + np.log(total)

    def _exp(self, x: Array) -> Array:
        """Return the exponential, by way of base two if so declared."""
        if self.is_base_two:
            base: Array = np.exp2(x * self.real(1 / math.log(2)))
            return base
        result: Array = np.exp(x)
        return result

    def _merged(self, parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Merge parts by their logsumexp."""
        lses = np.stack([lse for _, lse in parts])
        largest = lses.max(axis=0)
        largest = np.where(np.isfinite(largest), largest, self.real(0))
        shares = np.exp(lses - largest)
        total = shares.sum(axis=0)
        weights = shares / _nonzero(total)
        output = np.sum(weights * np.stack([out for out, _ in parts]), axis=0)
        return output, largest + np.log(total)


def _nonzero(total: Array) -> Array:
    """Return sums with ones for the zeros of empty rows."""
    return np.where(total > 0, total, total.dtype.type(1))


def _visible(case: AttentionCase, dialect: Dialect) -> Array:
    """Return the visible keys by the rules of the definition."""
    sizes = case.sizes
    here = masks.positions(sizes.L, sizes.S, alignment=alignment_of(dialect))
    keys = np.arange(sizes.S)
    visible = np.ones((sizes.B, sizes.Hq, sizes.L, sizes.S), np.bool_)
    if case.causal:
        visible &= masks.causal(here, keys)
    if case.window is not None:
        visible &= masks.window(here, keys, *case.window)
    if case.mask is not None:
        visible &= case.mask
    if case.bias is not None:
        visible &= case.bias != -np.inf
    return visible


__all__ = ["Kernel"]
