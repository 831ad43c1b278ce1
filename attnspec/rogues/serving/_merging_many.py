"""The steps of which right and wrong merges of many parts are made, and whole ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._shift import shift_of
from attnspec.rogues.serving._merging import merging

Pair = tuple[Array, Array]
Weights = Callable[[Array], tuple[Array, Array]]
"""The weight of each part, the second axis, and the logsumexp of all."""


def _shares(lses: Array) -> tuple[Array, Array]:
    """Divide each exponential by their sum."""
    peak = shift_of(lses.max(1, keepdims=True, initial=-np.inf))
    sizes = np.exp(lses - peak)
    total = sizes.sum(1, keepdims=True)
    lse = (np.log(total) + peak)[:, 0]
    return sizes / np.where(total > 0, total, 1), lse


def near(lses: Array) -> tuple[Array, Array]:
    """Let nothing be further below the largest than 16."""
    peak = shift_of(lses.max(1, keepdims=True))
    return _shares(np.where(np.isfinite(lses), np.maximum(lses, peak - 16), lses))


def undivided(lses: Array) -> tuple[Array, Array]:
    peak = shift_of(lses.max(1, keepdims=True))
    return np.exp(lses - peak), _shares(lses)[1]


def even(lses: Array) -> tuple[Array, Array]:
    return np.full_like(lses, 1 / lses.shape[1]), _shares(lses)[1]


def peakless(lses: Array) -> tuple[Array, Array]:
    sizes = np.exp(lses)
    total = sizes.sum(1, keepdims=True)
    return sizes / np.where(total > 0, total, 1), np.log(total[:, 0])


def largest(lses: Array) -> tuple[Array, Array]:
    return _shares(lses)[0], lses.max(1)


def not_rescaled(lses: Array) -> tuple[Array, Array]:
    """Add sums that were taken below different peaks."""
    peak = shift_of(np.maximum.accumulate(lses, axis=1))
    sizes = np.exp(lses - peak)
    total = sizes.sum(1, keepdims=True)
    lse = (np.log(total) + peak[:, -1:])[:, 0]
    return sizes / np.where(total > 0, total, 1), lse


def weighed(
    weights: Weights = _shares,
    *,
    before: Callable[[Array, Array], Pair] = lambda outputs, lses: (outputs, lses),
    after: Callable[[Array, Array], Pair] = lambda output, lse: (output, lse),
) -> Callable[[Array, Array], Pair]:
    """Return a merge by these weights."""

    def merge(outputs: Array, lses: Array) -> Pair:
        form, wide = outputs.dtype, lses.dtype
        outputs, lses = before(outputs, lses)
        with np.errstate(all="ignore"):
            shares, lse = weights(lses)
            live = np.isfinite(lses)[..., None]
            known = np.where(live, outputs.astype(wide), 0)
            output = (shares[..., None] * known).sum(1)
        return after(output.astype(form), np.asarray(lse).astype(wide))

    return merge


def unguarded(outputs: Array, lses: Array) -> Pair:
    """Subtract minus infinity from itself where no part has keys."""
    with np.errstate(all="ignore"):
        peak = lses.max(1, keepdims=True)
        sizes = np.exp(lses - peak)
        total = sizes.sum(1, keepdims=True)
        weights = (sizes / total)[..., None]
        output = (weights * outputs.astype(lses.dtype)).sum(1)
        lse = (np.log(total) + peak)[:, 0]
    return output.astype(outputs.dtype), lse


def in_base(factor: float) -> Weights:
    """Read logsumexps as if their unit were so many nats."""

    def weights(lses: Array) -> tuple[Array, Array]:
        shares, lse = _shares(lses * lses.dtype.type(factor))
        return shares, lse / lses.dtype.type(factor)

    return weights


def parts_then_rows(outputs: Array, lses: Array) -> Pair:
    """Take (T, N, H) for (N, T, H), in memory."""
    rows, parts, heads = lses.shape
    read = np.ascontiguousarray(lses).reshape(parts, rows, heads)
    return outputs, read.swapaxes(0, 1)


def without_sinks(outputs: Array, lses: Array) -> Pair:
    """Take a part whose output is zero for one without keys."""
    nothing = (outputs == 0).all(-1)
    return outputs, np.where(nothing, -np.inf, lses).astype(lses.dtype)


def sinks_in_each(outputs: Array, lses: Array) -> Pair:
    """Count a part whose output is zero, as that of a sink, with each of the others."""
    sinks = (outputs == 0).all(-1)
    others = max(1, lses.shape[1] - 1)
    return outputs, np.where(sinks, lses + np.log(others), lses).astype(lses.dtype)


def never_without(outputs: Array, lses: Array) -> Pair:
    """Begin with the first part, and without one with what memory holds."""
    if lses.shape[1]:
        return weighed()(outputs, lses)
    rows, _, heads, width = outputs.shape
    lse = np.empty((rows, heads), lses.dtype)
    return np.empty((rows, heads, width), outputs.dtype), lse


def without_the_last(outputs: Array, lses: Array) -> Pair:
    """Drop the last of several parts."""
    rest = slice(0, max(1, lses.shape[1] - 1))
    return outputs[:, rest], lses[:, rest]


def counted_in_16_bits(output: Array, lse: Array) -> Pair:
    """Leave the rows beyond those that 16 bits count as they were."""
    output[2**16 :] = 0
    return output, lse


def shares_of_the_last_head(outputs: Array, lses: Array) -> Pair:
    """Take the logsumexps of the last head for every head."""
    return outputs, np.broadcast_to(lses[..., -1:], lses.shape)


def fold(outputs: Array, lses: Array) -> Pair:
    """Merge two parts at a time, from the first on."""
    pair: Callable[..., Pair] = merging()
    wide = outputs.astype(lses.dtype)
    output, lse = np.zeros_like(wide[:, 0]), np.full_like(lses[:, 0], -np.inf)
    for part in range(lses.shape[1]):
        output, lse = pair(output, lse, wide[:, part], lses[:, part])
    return output.astype(outputs.dtype), lse


def from_the_last(outputs: Array, lses: Array) -> Pair:
    """Merge two parts at a time, from the last on."""
    return fold(outputs[:, ::-1], lses[:, ::-1])


def either_infinity(outputs: Array, lses: Array) -> Pair:
    return outputs, np.where(np.isposinf(lses), -lses, lses)


__all__ = [
    "counted_in_16_bits",
    "either_infinity",
    "even",
    "fold",
    "from_the_last",
    "in_base",
    "largest",
    "near",
    "never_without",
    "not_rescaled",
    "parts_then_rows",
    "peakless",
    "shares_of_the_last_head",
    "sinks_in_each",
    "undivided",
    "unguarded",
    "weighed",
    "without_sinks",
    "without_the_last",
]
