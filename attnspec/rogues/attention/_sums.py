"""Right kernels whose sums are formed in unlike ways: in parts, in passes, rounded."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._shift import shift_of
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows
from attnspec.rogues.attention._split import Split

Pairs = list[tuple[Array, Array]]


def as_summed(array: Array) -> Array:
    """Keep a running sum as it is."""
    return array


def row_sum(weights: Array) -> Array:
    """Add up weights."""
    return np.asarray(weights.sum(-1, keepdims=True))


@dataclasses.dataclass(frozen=True)
class Summed(Kernel):
    """A kernel that says how it adds up, what it adds and what it stores."""

    mix: Callable[[Array, Array], Array] = np.matmul
    add_up: Callable[[Array], Array] = row_sum
    adds_narrow: bool = False
    stored_total: Callable[[Array], Array] = as_summed
    stored_output: Callable[[Array], Array] = as_summed

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        """Take in a tile."""
        peak, fade, weights = self.weighed(rows, scores)
        narrow = self.narrow(weights, call)
        added = narrow if self.adds_narrow else weights
        total = self.stored_total(rows.total * fade + self.add_up(added))
        mixed = self.mix(narrow, self.shown(value, scores))
        output = self.stored_output(rows.accumulator * fade + mixed)
        return Rows(peak, total, output)


@dataclasses.dataclass(frozen=True)
class Folded(Kernel):
    """A kernel that computes exp2(fma(s, c, -round(m c))), as FlashAttention-2 does."""

    def scored(self, tables: Any, tile: Array, call: AttentionCase) -> Array:
        """Leave the scale to the exponential, where nothing stands between."""
        if not _can_fold(call):
            return super().scored(tables, tile, call)
        dots = self.dot(tables.query, tables.key[:, :, tile])
        return self.hide(dots, tables.visible[..., tile])

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        """Take in a tile; the peak is one of scaled scores in base two."""
        real = scores.dtype.type
        scale = real(real(call.effective_scale if _can_fold(call) else 1) * _LOG2E)
        peak = np.maximum(rows.peak, scores.max(-1, keepdims=True) * scale)
        base = shift_of(peak)
        fade = np.exp2(rows.peak - base)
        exact = scores.astype(np.float64) * np.float64(scale) - base
        weights = np.exp2(exact.astype(real))
        total = rows.total * fade + row_sum(weights)
        mixed = self.narrow(weights, call) @ self.shown(value, scores)
        return Rows(peak, total, rows.accumulator * fade + mixed)


_LOG2E = np.log2(np.e)


def _can_fold(call: AttentionCase) -> bool:
    """Whether nothing stands between the product and the exponential."""
    between = (call.softcap, call.bias, call.alibi_slopes)
    return all(each is None for each in between) and call.effective_scale > 0


def start_in_base_two(call: AttentionCase) -> Rows:
    """Begin with the sink in base two."""
    rows = KERNEL.start(call)
    return rows._replace(peak=(rows.peak * rows.peak.dtype.type(_LOG2E)))


def finish_in_base_two(
    rows: Rows,
    call: AttentionCase,  # noqa: ARG001 - a step's form
) -> tuple[Array, Array]:
    """Multiply by the reciprocal of the sum; bring the logsumexp to base e."""
    real = rows.total.dtype.type
    inverse = np.where(rows.total == 0, 0, real(1) / rows.total)
    lse = (rows.peak + np.log2(rows.total)) * real(np.log(2))
    return rows.accumulator * inverse.astype(real), lse[..., 0]


FOLDED = Folded(start=start_in_base_two, finish=finish_in_base_two)
"""The kernel with a folded scale."""


@dataclasses.dataclass(frozen=True)
class TwoPass(Kernel):
    """A kernel that forms its weights anew, from the logsumexp of a first pass."""

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Go through the tiles for the logsumexp, and once more for the output."""
        tables, rows = self.tables(call), self.start(call)
        tiles = list(self.tiles(tables.key.shape[2], call))
        for tile in tiles:
            value = tables.value[:, :, tile]
            rows = self.absorb(rows, self.scored(tables, tile, call), value, call)
        _, lse = self.finish(rows, call)
        base = shift_of(lse)[..., None]
        output = np.zeros_like(rows.accumulator)
        for tile in tiles:
            scores = self.scored(tables, tile, call)
            weights = self.narrow(self.exp(scores - base), call)
            output = output + weights @ self.shown(tables.value[:, :, tile], scores)
        return self.answer(output, lse, call)


@dataclasses.dataclass(frozen=True)
class NormalizedFirst(Kernel):
    """A kernel that divides the weights by their sum before they meet the values."""

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Hold all weights of a row."""
        tables = self.stage(self.tables(call), call)
        keys = np.arange(tables.key.shape[2])
        scores = self.scored(tables, keys, call)
        rows = self.start(call)
        peak = self.peak(rows.peak, scores)
        base = shift_of(peak)
        weights = self.exp(scores - base)
        total = rows.total * self.exp(rows.peak - base) + row_sum(weights)
        share = np.where(total == 0, 0, weights / total).astype(weights.dtype)
        output = self.narrow(share, call) @ self.shown(tables.value, scores)
        return self.answer(output, (base + np.log(total))[..., 0], call)


@dataclasses.dataclass(frozen=True)
class Merged(Split):
    """A kernel that merges outputs and logsumexps of parts of the keys."""

    join: Callable[[Pairs], tuple[Array, Array]] = dataclasses.field(kw_only=True)

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Finish every part before they are merged."""
        pairs = [self.kernel.finish(part, call) for part in self.computed(call)]
        return self.kernel.answer(*self.join(pairs), call)


def _weighed(output: Array, lse: Array, whole: Array) -> Array:
    """Weigh the output of a part by its share; an empty part counts nothing."""
    base = shift_of(whole)
    share = np.exp(lse - base).astype(output.dtype)[..., None]
    return np.where(share == 0, 0, share * output).astype(output.dtype)


def combined(pairs: Pairs) -> tuple[Array, Array]:
    """Merge all parts at once by exp(lse_i - lse), as FlashAttention-2 does."""
    stacked = np.stack([lse for _, lse in pairs])
    peak = stacked.max(0)
    base = shift_of(peak)
    total = np.exp(stacked - base).sum(0)
    lse = (base + np.log(total)).astype(peak.dtype)
    mixed = [_weighed(output, part, lse) for output, part in pairs]
    return functools.reduce(np.add, mixed), lse


def renormalized(pairs: Pairs) -> tuple[Array, Array]:
    """Merge all parts at once, with shares that are divided by their own sum."""
    stacked = np.stack([lse for _, lse in pairs])
    peak = stacked.max(0)
    base = shift_of(peak)
    shares = np.exp(stacked - base)
    total = shares.sum(0)
    mixed = [_weighed(output, part, base) for output, part in pairs]
    output = functools.reduce(np.add, mixed)
    output = np.where(total[..., None] == 0, 0, output / total[..., None])
    return output, base + np.log(total)


def one_after_another(pairs: Pairs) -> tuple[Array, Array]:
    """Merge part after part, as ring attention does."""
    output, lse = pairs[0]
    for further, other in pairs[1:]:
        new = np.logaddexp(lse, other).astype(lse.dtype)
        output = _weighed(output, lse, new) + _weighed(further, other, new)
        lse = new
    return output, lse


class Tree(Split):
    """A kernel that merges maxima, sums and outputs of parts pair by pair."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        """Merge neighbors until one is left."""
        while len(rows) > 1:
            pairs = [rows[i : i + 2] for i in range(0, len(rows), 2)]
            rows = [super(Tree, self).merged(pair, call) for pair in pairs]
        return rows[0]


__all__ = [
    "FOLDED",
    "Merged",
    "NormalizedFirst",
    "Summed",
    "Tree",
    "TwoPass",
    "combined",
    "one_after_another",
    "renormalized",
    "row_sum",
]
