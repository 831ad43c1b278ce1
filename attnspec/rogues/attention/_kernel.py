"""A right kernel made of replaceable steps; a rogue replaces one of them.

It is an online softmax over tiles of keys that keeps its tables whole, so that a
mistake in any step is a line or two.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._shift import shift_of

TILE = 16
"""The number of keys in a tile."""


class Tables(NamedTuple):
    """The operands, spread over the query heads."""

    query: Array
    key: Array
    value: Array
    visible: Array
    """Shape (B, Hq, L, S)."""
    addend: Array
    """Shape (B, Hq, L, S); zeros without a bias."""


class Rows(NamedTuple):
    """What each query carries from tile to tile."""

    peak: Array
    total: Array
    accumulator: Array


def as_given(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    """Take a call as it is."""
    return call


def work_dtype(call: AttentionCase) -> np.dtype[Any]:
    """Return the format of scores and sums."""
    return working_dtype(call.query.dtype)


def consecutive(call: AttentionCase) -> Array:
    """Return the key head of each query head."""
    group = call.sizes.Hq // max(1, call.sizes.Hkv)
    return np.arange(call.sizes.Hq) // max(1, group)


def lower_right(call: AttentionCase) -> Array:
    """Return the position of each query, for each query head or for all."""
    return (np.arange(call.sizes.L) + call.sizes.S - call.sizes.L)[None]


def not_after(i: Array, j: Array, call: AttentionCase) -> Array:  # noqa: ARG001 - a step's form
    """Return which keys a causal query may see."""
    return np.asarray(j <= i)


def between(i: Array, j: Array, call: AttentionCase) -> Array:
    """Return which keys lie within the window of a query."""
    left, right = call.window or (None, None)
    near = np.ones(np.broadcast_shapes(i.shape, j.shape), np.bool_)
    if left is not None:
        near = near & (j >= i - left)
    return near if right is None else near & (j <= i + right)


def spread(array: Array, call: AttentionCase) -> Array:
    """Broadcast a mask or bias to (B, Hq, L, S)."""
    sizes = call.sizes
    return np.broadcast_to(array, (sizes.B, sizes.Hq, sizes.L, sizes.S))


def alibi(call: AttentionCase) -> Array:
    """Return what the slopes add to the scores."""
    found = alibi_bias(call, SPEC)
    return np.zeros(1) if found is None else found


def default_scale(call: AttentionCase) -> float:
    """Return the factor on the dot products."""
    return call.effective_scale


def product(query: Array, key: Array) -> Array:
    """Multiply queries by keys."""
    return query @ key.swapaxes(2, 3)


def capped(scores: Array, call: AttentionCase) -> Array:
    """Bend scores by the softcap."""
    if call.softcap is None:
        return scores
    cap = scores.dtype.type(call.softcap)
    return cap * np.tanh(scores / cap)


def added(scores: Array, addend: Array) -> Array:
    """Add the bias; minus infinity hides whatever the score is."""
    return np.where(np.isneginf(addend), addend, scores + addend)


def hidden(scores: Array, visible: Array) -> Array:
    """Give hidden keys a score of minus infinity."""
    return np.where(visible, scores, -np.inf).astype(scores.dtype)


def in_order(keys: int, call: AttentionCase) -> Iterator[Array]:  # noqa: ARG001 - a step's form
    """Cut the keys into tiles; the last may be shorter."""
    yield from tiles_of(TILE, keys)


def tiles_of(size: int, keys: int) -> Iterator[Array]:
    """Cut the keys into tiles of this size."""
    for first in range(0, keys, size):
        yield np.arange(first, min(first + size, keys))


def raised(peak: Array, scores: Array) -> Array:
    """Raise the peak of each row to its best score."""
    return np.maximum(peak, scores.max(-1, keepdims=True, initial=-np.inf))


def rounded(weights: Array, call: AttentionCase) -> Array:
    """Round weights to the format of the values before they meet them."""
    return weights.astype(call.value.dtype).astype(weights.dtype)


def shown(value: Array, scores: Array) -> Array:
    """Drop the values that no query sees, for zero times NaN would be NaN."""
    unseen = np.all(np.isneginf(scores), axis=2)[..., None]
    return np.where(unseen, 0, value).astype(value.dtype)


def from_sink(call: AttentionCase) -> Rows:
    """Begin with the sink, a score without a value, or with nothing at all."""
    sizes, work = call.sizes, work_dtype(call)
    peak = np.full((sizes.B, sizes.Hq, sizes.L, 1), -np.inf, work)
    if call.sink is not None:
        peak[...] = call.sink.astype(work)[None, :, None, None]
    accumulator = np.zeros((*peak.shape[:3], sizes.Ev), work)
    return Rows(peak, (peak > -np.inf).astype(work), accumulator)


def divided(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:  # noqa: ARG001 - a step's form
    """Divide by the sum, and take its logarithm; an empty row is zero."""
    output = np.where(rows.total == 0, 0, rows.accumulator / rows.total)
    return output, (rows.peak + np.log(rows.total))[..., 0]


def as_computed(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
    """Round the output to the query's format."""
    return output.astype(call.query.dtype), lse


def as_staged(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Take the tables as they are."""
    return tables


class Attending:
    """What is called as a kernel, and attends in steps of its own."""

    prepare: Callable[[AttentionCase, bool], AttentionCase] = staticmethod(as_given)

    def __call__(
        self,
        query: Array,
        key: Array,
        value: Array,
        *,
        return_lse: bool = False,
        **options: Any,
    ) -> Array | tuple[Array, Array]:
        """Compute attention."""
        call = self.prepare(AttentionCase.of(query, key, value, **options), return_lse)
        with np.errstate(all="ignore"):  # What is hidden may be NaN, or overflow.
            output, lse = self.attend(call)
        return (output, lse) if return_lse else output

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Return output and logsumexp."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Kernel(Attending):
    """A kernel: its steps in the order in which they are taken."""

    prepare: Callable[[AttentionCase, bool], AttentionCase] = as_given
    work: Callable[[AttentionCase], np.dtype[Any]] = work_dtype
    key_heads: Callable[[AttentionCase], Array] = consecutive
    value_heads: Callable[[AttentionCase], Array] | None = None
    positions: Callable[[AttentionCase], Array] = lower_right
    window_positions: Callable[[AttentionCase], Array] | None = None
    causal: Callable[[Array, Array, AttentionCase], Array] = not_after
    window: Callable[[Array, Array, AttentionCase], Array] = between
    spread: Callable[[Array, AttentionCase], Array] = spread
    stage: Callable[[Tables, AttentionCase], Tables] = as_staged
    start: Callable[[AttentionCase], Rows] = from_sink
    tiles: Callable[[int, AttentionCase], Iterator[Array]] = in_order
    alibi: Callable[[AttentionCase], Array] = alibi
    dot: Callable[[Array, Array], Array] = product
    scale: Callable[[AttentionCase], float] = default_scale
    cap: Callable[[Array, AttentionCase], Array] = capped
    add: Callable[[Array, Array], Array] = added
    hide: Callable[[Array, Array], Array] = hidden
    peak: Callable[[Array, Array], Array] = raised
    exp: Callable[[Array], Array] = np.exp
    narrow: Callable[[Array, AttentionCase], Array] = rounded
    shown: Callable[[Array, Array], Array] = shown
    finish: Callable[[Rows, AttentionCase], tuple[Array, Array]] = divided
    answer: Callable[[Array, Array, AttentionCase], tuple[Array, Array]] = as_computed

    def replace(self, **steps: Any) -> Kernel:
        """Return the same kernel with some steps replaced."""
        return dataclasses.replace(self, **steps)

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Go through the tiles and answer."""
        tables = self.stage(self.tables(call), call)
        rows = self.start(call)
        for tile in self.tiles(tables.key.shape[2], call):
            scores = self.scored(tables, tile, call)
            rows = self.absorb(rows, scores, tables.value[:, :, tile], call)
        return self.answer(*self.finish(rows, call), call)

    def tables(self, call: AttentionCase) -> Tables:
        """Spread the operands over the query heads."""
        work, heads = self.work(call), self.key_heads(call)
        value_heads = self.value_heads or self.key_heads
        bias = np.zeros(1, work) if call.bias is None else call.bias.astype(work)
        return Tables(
            call.query.astype(work),
            call.key[:, heads].astype(work),
            call.value[:, value_heads(call)].astype(work),
            self.visible(call),
            self.spread(bias + self.alibi(call).astype(work), call),
        )

    def visible(self, call: AttentionCase) -> Array:
        """Return which keys each query sees, shape (B, Hq, L, S)."""
        j = np.arange(call.sizes.S)
        mask = np.ones(1, np.bool_) if call.mask is None else call.mask
        seen = self.spread(mask, call)
        if call.causal:
            seen = seen & self.causal(self.positions(call)[..., None], j, call)
        if call.window is not None:
            where = self.window_positions or self.positions
            seen = seen & self.window(where(call)[..., None], j, call)
        return seen

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        """Score a tile of keys: scale, softcap, bias, mask."""
        dots = self.dot(tables.query, tables.key[:, :, tile])
        scores = self.cap(dots * dots.dtype.type(self.scale(call)), call)
        scores = self.add(scores, tables.addend[..., tile])
        return self.hide(scores, tables.visible[..., tile])

    def weighed(self, rows: Rows, scores: Array) -> tuple[Array, Array, Array]:
        """Return the new peak, by how much what was fades, and the new weights."""
        peak = self.peak(rows.peak, scores)
        base = shift_of(peak)
        return peak, self.exp(rows.peak - base), self.exp(scores - base)

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        """Take in a tile: raise the peak, fade what was, add what is new."""
        peak, fade, weights = self.weighed(rows, scores)
        total = rows.total * fade + weights.sum(-1, keepdims=True)
        mixed = self.narrow(weights, call) @ self.shown(value, scores)
        return Rows(peak, total, rows.accumulator * fade + mixed)


KERNEL = Kernel()
"""The kernel without a mistake."""

__all__ = ["KERNEL", "TILE", "Attending", "Kernel", "Rows", "Tables", "tiles_of"]
