"""Sums of the gradients over keys, queries, heads and broadcast axes, and their errors.

A sum that is rounded to the format of the output after each tile, in their order, has
an error of e_n <= (1 + o) (e_{n-1} + tile) + o |S_n|, with the exact partial sums S_n.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.kinds.attention.bounds.problem import Float64
from attnspec.kinds.attention.bounds.rates import Rates, compound, gamma
from attnspec.numerics.formats import format_of


def by_key_row(left: Float64, right: Float64) -> Float64:
    """Multiply rows (B, Hkv, G, L, n) and keys (B, Hkv, 1, S, n) to (..., L, S)."""
    return by_row(left, right.swapaxes(-1, -2))


def by_row(left: Float64, right: Float64) -> Float64:
    """Multiply (B, Hkv, G, L, S) by what all heads of a group share, (..., S, n)."""
    batch, heads, group, queries, inner = left.shape
    flat = left.reshape(batch, heads, group * queries, inner)
    return (flat @ right[:, :, 0]).reshape(batch, heads, group, queries, -1)


def by_key(factors: Float64, rows: Float64) -> Float64:
    """Sum over the queries of each head: (B, Hkv, G, S, n)."""
    return factors.swapaxes(-1, -2) @ rows


@dataclasses.dataclass(slots=True, eq=False)
class Total:
    """A sum with its error, that of adding up included, before anything is stored.

    `partial` is the sum of the magnitudes of the exact sums that were stored on the
    way, `stores` in number.
    """

    value: Float64
    error: Float64
    partial: Float64
    stores: int = 0

    @classmethod
    def zeros(cls, shape: tuple[int, ...]) -> Total:
        """Return an empty sum."""
        zeros = [np.zeros(shape) for _ in range(3)]
        return cls(zeros[0], zeros[1], zeros[2])

    def add(self, factors: Float64, rows: Float64, tile: int | None) -> None:
        """Add what some queries ask of each key; store after each tile of them."""
        queries = factors.shape[3]
        step = tile or max(queries, 1)
        for start in range(0, queries, step):
            part = slice(start, start + step)
            self.value += by_key(factors[:, :, :, part], rows[:, :, :, part])
            if tile:
                self.partial += np.abs(self.value)
                self.stores += 1

    def part(self, batch: slice, head: slice) -> Total:
        """Return the sum of some heads, as views; nothing is stored yet."""
        where = batch, head
        return Total(self.value[where], self.error[where], self.partial[where])


def stored_partials(factors: Float64, right: Float64, tile: int) -> tuple[Float64, int]:
    """Return the sum of |exact sums| after each tile of keys, and their number."""
    keys = factors.shape[-1]
    value = np.zeros((*factors.shape[:-1], right.shape[-1]))
    partial = np.zeros_like(value)
    starts = range(0, keys, tile)
    for start in starts:
        part = slice(start, start + tile)
        value += by_row(factors[..., part], right[:, :, :, part])
        partial += np.abs(value)
    return partial, len(starts)


def adding(terms: int, rates: Rates) -> float:
    """Return the relative error of a sum of so many terms, by their magnitudes."""
    model = rates.model
    unit = format_of(model.accumulator).unit * model.accumulator_unit
    return float(gamma(terms + 4, unit))


def finished(total: Total, terms: int, rates: Rates) -> Float64:
    """Add what so many terms lose near zero, and the roundings of storing by tiles."""
    model = rates.model
    error = total.error + terms * model.tiny(model.accumulator)
    if model.stored_gradients is None:
        return np.asarray(error)
    stored = format_of(model.stored_gradients).unit
    error = error + stored * total.partial
    error = error + total.stores * model.tiny(model.stored_gradients)
    return np.asarray((1 + stored) ** total.stores * error)


def rounded(value: Float64, error: Float64, rates: Rates) -> Float64:
    """Add the rounding of a result; one that is scaled after it is rounded twice."""
    model = rates.model
    for _ in range(2 if model.prescale else 1):
        error = error + rates.output * (np.abs(value) + error)
        error = error + 2 * model.output_unit * model.tiny(model.output)
    return error


def over_heads(total: Total, error: Float64, rates: Rates) -> tuple[Float64, Float64]:
    """Sum over the query heads that share a key head; round each, and the sum."""
    group = total.value.shape[2]
    if group > 1 and rates.model.stored_heads:
        error = rounded(total.value, error, rates)
    value = total.value.sum(axis=2)
    summed = (np.abs(total.value) + error).sum(axis=2)
    error = error.sum(axis=2) + gamma(group - 1, rates.unit) * summed
    return value, rounded(value, error, rates)


def operand_rate(rates: Rates) -> float:
    """Return the relative error of a query or key that meets a gradient."""
    model = rates.model
    fine = format_of(model.dot).unit
    coarse = [n for n in (*model.operands, *model.inputs) if format_of(n).unit > fine]
    coarse += filter(None, [model.prescale])
    return compound(*coarse, unit=model.operand_unit)


def folded(array: Float64, like: Float64) -> Float64:
    """Sum along the axes along which another array has a length of 1."""
    axes = tuple(
        axis
        for axis, (mine, other) in enumerate(zip(array.shape, like.shape, strict=True))
        if mine != other
    )
    return array.sum(axis=axes, keepdims=True)


__all__ = [
    "Total",
    "adding",
    "by_key",
    "by_key_row",
    "by_row",
    "finished",
    "folded",
    "operand_rate",
    "over_heads",
    "rounded",
    "stored_partials",
]
