"""A backward pass in NumPy, step by step: a rogue has one of the steps wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.kinds.attention.alibi import with_alibi
from attnspec.reference import visible_keys

State = SimpleNamespace
"""The numbers of one call, in the format that it computes in."""


def turned(array: Array) -> Array:
    """Exchange the last two axes."""
    return array.swapaxes(-1, -2)


def through(array: Array, narrow: Any) -> Array:
    """Round to a format, and go on in the one before."""
    return array.astype(narrow).astype(array.dtype)


@dataclasses.dataclass(frozen=True)
class BackwardPass:
    """What a backward pass does; each step is a method.

    `from_lse` forms weights from the logsumexp, and else keeps those of the forward
    pass; `by_autodiff` rounds the gradients of those that it kept;
    `delta_of_weights` sums P dP in the place of dO . o; `narrow` rounds weights and
    gradients of scores to the format of the operands; `tile` adds up tile by tile,
    `shuffled` in any order; `stored` rounds every running sum.
    """

    from_lse: bool = True
    by_autodiff: bool = False
    delta_of_weights: bool = False
    narrow: bool = True
    tile: int | None = 16
    shuffled: bool = False
    stored: bool = False
    head_sums_in_full: bool = False
    empty_mean: bool = False

    def __call__(  # noqa: PLR0913 - all that attention has
        self,
        query: Array,
        key: Array,
        value: Array,
        d_output: Array,
        *,
        output: Array | None = None,
        lse: Array | None = None,
        d_lse: Array | None = None,
        kept: Array | None = None,
        mask: Array | None = None,
        bias: Array | None = None,
        scale: float | None = None,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        alibi_slopes: Array | None = None,
        return_saved: bool = False,
        retain_graph: bool = False,
    ) -> tuple[Array, ...]:
        """Return the gradients of query, key and value, and of bias and sink."""
        real = np.float64 if query.dtype == np.float64 else np.float32
        group = query.shape[1] // max(1, key.shape[1])
        s = State(real=real, dtype=query.dtype, group=group, softcap=softcap)
        s.grid = (*query.shape[:3], key.shape[2])
        s.query, s.d_output = query.astype(real), self.read(d_output).astype(real)
        s.key, s.value = (self.repeated(a.astype(real), s) for a in (key, value))
        s.scale = real(query.shape[3] ** -0.5 if scale is None else scale)
        s.bias, s.sink, s.given = bias, sink, (output, lse)
        s.alibi = with_alibi(query, key, None, alibi_slopes)
        s.kept = real(1) if kept is None else kept.astype(real)
        s.d_lse = np.zeros(s.grid[:3], real) if d_lse is None else d_lse.astype(real)
        seen = visible_keys(
            *s.grid[2:], mask=mask, bias=bias, causal=causal, window=window
        )
        s.seen = np.broadcast_to(seen, s.grid)
        with np.errstate(all="ignore"):
            self.scores(s)
            self.forward(s)
            self.weights(s)
            self.delta(s)
            self.ds(s)
            self.sums(s)
            if retain_graph:
                self.again(s)
            found = [s.dq, self.grouped(s.dk, s), self.grouped(s.dv, s)]
            if bias is not None:
                found.append(self.of_bias(s).astype(bias.dtype))
            if sink is not None:
                found.append(self.of_sink(s).astype(sink.dtype))
        saved = self.saved(s) if return_saved else ()
        return (*(a.astype(s.dtype) for a in found[:3]), *found[3:], *saved)

    def read(self, d_output: Array) -> Array:
        """Read the cotangent of the output from memory."""
        return d_output

    def repeated(self, array: Array, s: State) -> Array:
        """Repeat every key head for the query heads that share it."""
        return np.repeat(array, s.group, axis=1)

    def scores(self, s: State) -> None:
        """Scale, softcap, bias and that of the slopes; hide."""
        s.x = (s.query @ turned(s.key)) * s.scale
        s.tanh = np.zeros_like(s.x)
        s.score = s.x
        if s.softcap is not None:
            s.tanh = np.tanh(s.x / s.real(s.softcap))
            s.score = s.real(s.softcap) * s.tanh
        if s.bias is not None:
            s.score = s.score + s.bias.astype(s.real)
        if s.alibi is not None:
            s.score = s.score + s.alibi.astype(s.real)
        s.score = np.where(s.seen, s.score, s.real(-np.inf))

    def forward(self, s: State) -> None:
        """Weights, output and logsumexp; those that are given instead, if they are."""
        of_sink = np.full(s.grid[1], -np.inf) if s.sink is None else s.sink
        s.sinks = of_sink.astype(s.real)[:, None]
        top = np.maximum(s.score.max(axis=-1, initial=-np.inf), s.sinks)
        base = np.where(np.isfinite(top), top, s.real(0))
        e = np.exp(s.score - base[..., None])
        total = e.sum(axis=-1) + np.exp(s.sinks - base)
        s.live = total > 0
        safe = np.where(s.live, total, s.real(1))
        s.probability = e / safe[..., None]
        s.output = self.stored_weights(s.kept * e, s) @ s.value / safe[..., None]
        if self.empty_mean:
            mean = s.kept @ s.value if s.kept.ndim else s.value.sum(2, keepdims=True)
            s.output = np.where(s.live[..., None], s.output, mean / max(1, s.grid[3]))
        s.output = through(s.output.astype(s.real), s.dtype)
        s.lse = np.where(s.live, np.log(safe) + base, s.real(np.inf))
        output, lse = s.given
        if output is not None and lse is not None:
            s.output = output.astype(s.real)
            s.lse = np.where(s.live, lse.astype(s.real), s.real(np.inf))

    def saved(self, s: State) -> tuple[Array, Array]:
        """Return what the forward pass saved."""
        return s.output.astype(s.dtype), s.lse

    def stored_weights(self, weights: Array, s: State) -> Array:
        """Round what meets a matrix product."""
        return through(weights, s.dtype) if self.narrow else weights

    def weights(self, s: State) -> None:
        """Take the weights from the logsumexp, or those that were kept."""
        s.p = s.probability
        if self.from_lse or s.given[1] is not None:
            shift = np.where(s.live, s.lse, s.real(0))[..., None]
            score = np.where(s.seen & s.live[..., None], s.score - shift, -np.inf)
            s.p = np.exp(score)
        s.share = s.kept * s.p
        if self.empty_mean:
            empty = ~s.live[..., None]
            s.share = np.where(empty, s.kept / s.real(max(1, s.grid[3])), s.share)

    def delta(self, s: State) -> None:
        """Multiply cotangent and output; or sum weights and their gradients."""
        products = s.d_output @ turned(s.value)
        if self.by_autodiff and s.given[1] is None:
            products = through(products, s.dtype)
        s.dp = s.kept * products
        if self.delta_of_weights and s.given[0] is None:
            s.of_row = (s.p * s.dp).sum(axis=-1)
        else:
            s.of_row = (s.d_output * s.output).sum(axis=-1)
        s.lam = np.where(s.live, s.d_lse, s.real(0))

    def ds(self, s: State) -> None:
        """Gradients of scores, and of the scaled products before the softcap."""
        s.ds = np.where(s.seen, s.p * (s.dp - (s.of_row - s.lam)[..., None]), 0)
        s.ds = s.ds.astype(s.real)
        s.dx = s.ds if s.softcap is None else s.ds * (1 - s.tanh * s.tanh)

    def tiles(self, length: int) -> list[slice]:
        """Cut an axis."""
        step = self.tile or max(length, 1)
        found = [slice(a, a + step) for a in range(0, length, step)]
        if self.shuffled:
            order = np.random.default_rng(length).permutation(len(found))
            found = [found[i] for i in order]
        return found

    def places(self, s: State) -> Iterator[tuple[slice, slice]]:
        """Yield the tiles of queries and keys."""
        for rows in self.tiles(s.grid[2]):
            for columns in self.tiles(s.grid[3]):
                yield rows, columns

    def sums(self, s: State) -> None:
        """Add up what tiles of queries and keys ask of each other."""
        narrow = s.dtype if self.stored else s.real
        share, dx = self.stored_weights(s.share, s), self.stored_weights(s.dx, s)
        s.dq, s.dk, s.dv = (np.zeros_like(a) for a in (s.query, s.key, s.value))
        scale = s.scale if self.stored else s.real(1)
        for i, j in self.places(s):
            part = dx[..., i, j]
            of_query = part @ s.key[..., j, :] * scale
            of_key = turned(part) @ s.query[..., i, :] * scale
            of_value = turned(share[..., i, j]) @ s.d_output[..., i, :]
            s.dq[..., i, :] = through(s.dq[..., i, :] + of_query, narrow)
            s.dk[..., j, :] = through(s.dk[..., j, :] + of_key, narrow)
            s.dv[..., j, :] = through(s.dv[..., j, :] + of_value, narrow)
        if not self.stored:
            s.dq, s.dk = s.dq * s.scale, s.dk * s.scale

    def again(self, s: State) -> None:
        """Go back over the graph a second time."""
        self.sums(s)

    def grouped(self, array: Array, s: State) -> Array:
        """Sum over the query heads that share a key head."""
        if not self.head_sums_in_full:
            array = through(array, s.dtype)
        batch, heads, *rest = array.shape
        groups = heads // max(1, s.group)
        return np.asarray(array.reshape(batch, groups, s.group, *rest).sum(axis=2))

    def of_bias(self, s: State) -> Array:
        """Sum along the axes along which the bias was broadcast."""
        shape = (1,) * (4 - s.bias.ndim) + s.bias.shape
        axes = tuple(a for a in range(4) if shape[a] != s.grid[a])
        return np.asarray(s.ds.sum(axis=axes, keepdims=True).reshape(s.bias.shape))

    def of_sink(self, s: State) -> Array:
        """Sum what the share of the sink takes from every row."""
        lse = np.where(s.live, s.lse, s.real(0))
        share = np.where(s.live, np.exp(s.sinks - lse), s.real(0))
        return np.asarray(-(share * (s.of_row - s.lam)).sum(axis=(0, 2)))


__all__ = ["BackwardPass", "State", "through", "turned"]
