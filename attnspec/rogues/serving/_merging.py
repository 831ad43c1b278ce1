"""The steps of which right and wrong merges are made, and whole ones."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.rogues._shift import shift_of

Pair = tuple[Array, Array]

LOG_OF_TWO = float(np.log(2.0))


def _sizes(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Return both exponentials below the larger logsumexp, and that; 0 for none."""
    peak = shift_of(np.maximum(one, two))
    return np.exp(one - peak), np.exp(two - peak), peak


def _shares(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Return the share of each part, and the logsumexp of both."""
    a, b, peak = _sizes(one, two)
    total = a + b
    with np.errstate(divide="ignore"):
        lse = np.log(total) + peak
    total = np.where(total > 0, total, one.dtype.type(1))
    return a / total, b / total, lse


Shares = Callable[[Array, Array], tuple[Array, Array, Array]]
"""The weight of each part, and the logsumexp of both."""


def _weighed(output: Array, share: Array, lse: Array) -> Array:
    """Weigh an output that has keys, in the format of its logsumexp."""
    live = np.isfinite(lse)[..., None]
    return np.where(live, share[..., None] * output.astype(lse.dtype), 0)


def merging(
    shares: Shares = _shares,
    *,
    before: Callable[[Array], Array] = lambda lse: lse,
) -> Callable[..., Pair]:
    """Return a merge by these shares, of logsumexps that are changed before."""

    def merge(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
        one, two = before(lse_a), before(lse_b)
        with np.errstate(all="ignore"):
            a, b, lse = shares(one, two)
            output = _weighed(output_a, a, lse_a) + _weighed(output_b, b, lse_b)
            return output.astype(output_a.dtype), np.asarray(lse).astype(lse_a.dtype)

    return merge


def in_base(factor: float) -> Shares:
    """Read logsumexps as if their unit were so many nats."""

    def shares(one: Array, two: Array) -> tuple[Array, Array, Array]:
        unit = one.dtype.type(factor)
        a, b, lse = _shares(one * unit, two * unit)
        return a, b, lse / unit

    return shares


def halves(one: Array, two: Array) -> tuple[Array, Array, Array]:
    half = np.full_like(one, 0.5)
    return half, half, _shares(one, two)[2]


def not_divided(one: Array, two: Array) -> tuple[Array, Array, Array]:
    a, b, _ = _sizes(one, two)
    return a, b, _shares(one, two)[2]


def no_peak(one: Array, two: Array) -> tuple[Array, Array, Array]:
    a, b = np.exp(one), np.exp(two)
    total = a + b
    divisor = np.where(total > 0, total, total.dtype.type(1))
    return a / divisor, b / divisor, np.log(total)


def first_as_peak(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Subtract the first logsumexp, which is the larger one half of the time."""
    live = np.isfinite(one)
    b = np.exp(two - one)
    share = np.where(live, b / (1 + b), 1)
    lse = np.where(live, one + np.log1p(b), two)
    none = np.isneginf(one) & np.isneginf(two)
    return np.where(none, 0, 1 - share), np.where(none, 0, share), lse


def larger(one: Array, two: Array) -> tuple[Array, Array, Array]:
    a, b, _ = _shares(one, two)
    return a, b, np.maximum(one, two)


def one_share(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Take the shares of the last head for every head of a row."""
    a, b, lse = _shares(one, two)
    same = np.ones_like(a)
    return a[..., -1:] * same, b[..., -1:] * same, lse


def unguarded(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Subtract minus infinity from itself where both parts are empty."""
    work = lse_a.dtype
    with np.errstate(all="ignore"):
        peak = np.maximum(lse_a, lse_b)
        a, b = np.exp(lse_a - peak), np.exp(lse_b - peak)
        lse = peak + np.log(a + b)
        one = _times(a / (a + b), output_a.astype(work))
        two = _times(b / (a + b), output_b.astype(work))
        return (one + two).astype(output_a.dtype), lse


def _times(share: Array, output: Array) -> Array:
    return share[..., None] * output


def infinite(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Let plus infinity weigh most of all, as it does among numbers."""
    with np.errstate(all="ignore"):
        a, b, lse = _shares(lse_a, lse_b)
        one = _times(a, output_a.astype(lse_a.dtype))
        two = _times(b, output_b.astype(lse_b.dtype))
        return (one + two).astype(output_a.dtype), lse


def never_none(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Add a small number to every weight, so that no sum is zero."""
    a, b, peak = _sizes(lse_a, lse_b)
    small = lse_a.dtype.type(1e-12)
    with np.errstate(all="ignore"):
        total = a + b
        lse = np.log(total) + peak
        one = _times((a + small) / (total + small), output_a.astype(lse_a.dtype))
        two = _times((b + small) / (total + small), output_b.astype(lse_a.dtype))
        return (one + two).astype(output_a.dtype), lse


def _logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without an overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def from_the_first(
    output_a: Array, lse_a: Array, output_b: Array, lse_b: Array
) -> Pair:
    """Move from the first part to the second, even where the first has no keys."""
    work = lse_a.dtype
    lse = np.logaddexp(lse_a, lse_b)
    with np.errstate(all="ignore"):
        share = np.where(np.isneginf(lse), 0, _logistic(lse_b - lse_a)).astype(work)
        one, two = output_a.astype(work), output_b.astype(work)
        output = one - _times(share, one - two)
    output = np.where(np.isneginf(lse)[..., None], 0, output)
    return output.astype(output_a.dtype), lse


def _heads_first(lse: Array) -> Array:
    """Read what lies in memory row by row as if it lay head by head."""
    rows, heads = lse.shape
    return np.ascontiguousarray(lse).reshape(heads, rows).T


def transposed(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Take (heads, rows) for (rows, heads), wherever both have as many numbers."""
    lses = _heads_first(lse_a), _heads_first(lse_b)
    output, _ = merging()(output_a, lses[0], output_b, lses[1])
    return output, merging()(output_a, lse_a, output_b, lse_b)[1]


def dense(lse: Array) -> Array:
    """Read the memory of an array as if nothing lay between its rows."""
    strides = np.empty_like(lse, order="C").strides
    return np.lib.stride_tricks.as_strided(lse, strides=strides)


def tail_kept(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Merge eight entries at once, and leave the others as the first part has them."""
    output, lse = merging()(output_a, lse_a, output_b, lse_b)
    whole = output.shape[-1] // 8 * 8
    output[..., whole:] = output_a[..., whole:]
    return output, lse


def narrow(lse: Array) -> Array:
    return lse.astype(ml_dtypes.bfloat16).astype(lse.dtype)


def narrow_sum(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Round the weighed outputs to bfloat16 before they are added."""
    a, b, lse = _shares(lse_a, lse_b)
    one = narrow(_weighed(output_a, a, lse_a))
    two = narrow(_weighed(output_b, b, lse_b))
    return (one + two).astype(output_a.dtype), lse


def by_logaddexp(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Subtract the merged logsumexp, as it is given back."""
    lse = np.logaddexp(one, two)
    none = np.isneginf(lse)
    shown = np.where(none, one.dtype.type(0), lse)
    return np.exp(one - shown), np.exp(two - shown), lse


def by_log1p(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Add the logarithm of one and the exponential of minus the distance."""
    high, low = np.maximum(one, two), np.minimum(one, two)
    far = np.where(np.isneginf(low), -np.inf, low - high).astype(one.dtype)
    lse = high + np.log1p(np.exp(far))
    share = 1 / (1 + np.exp(far))
    other = np.exp(far) / (1 + np.exp(far))
    is_first = one >= two
    return np.where(is_first, share, other), np.where(is_first, other, share), lse


def by_difference(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Take the logistic function of the difference, and its logarithm."""
    none = np.isneginf(one) & np.isneginf(two)
    apart = np.where(none, 0, one - two).astype(one.dtype)
    a, b = _logistic(apart), _logistic(-apart)
    high = np.maximum(one, two)
    return a, b, high - np.log(np.maximum(a, b))


def by_exp2(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Bring both to base two before anything is subtracted."""
    unit = one.dtype.type(1 / LOG_OF_TWO)
    a, b, lse = binary(one * unit, two * unit)
    return a, b, lse * one.dtype.type(LOG_OF_TWO)


def binary(one: Array, two: Array) -> tuple[Array, Array, Array]:
    """Take powers of two, and binary logarithms, of the merged one as it is."""
    peak = shift_of(np.maximum(one, two))
    lse = np.log2(np.exp2(one - peak) + np.exp2(two - peak)) + peak
    shown = shift_of(lse)
    return np.exp2(one - shown), np.exp2(two - shown), lse


def moving(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Move from one part to the other by its share, if both have keys."""
    work = lse_a.dtype
    live = np.isfinite(lse_a) & np.isfinite(lse_b)
    alone, _ = merging()(output_a, lse_a, output_b, lse_b)
    with np.errstate(all="ignore"):
        lse = np.logaddexp(lse_a, lse_b)
        share = _logistic(lse_b - lse_a).astype(work)
        one, two = output_a.astype(work), output_b.astype(work)
        moved = (one - _times(share, one - two)).astype(output_a.dtype)
    return np.where(live[..., None], moved, alone), lse


def with_plus(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Take either infinity for the mark of an empty part."""
    one, two = (np.where(np.isposinf(x), -x, x) for x in (lse_a, lse_b))
    return merging()(output_a, one, output_b, two)


def passed_on(output_a: Array, lse_a: Array, output_b: Array, lse_b: Array) -> Pair:
    """Pass the first part on where both are empty."""
    output, lse = merging()(output_a, lse_a, output_b, lse_b)
    none = np.isneginf(lse_a) & np.isneginf(lse_b)
    return np.where(none[..., None], output_a, output), lse


__all__ = [
    "LOG_OF_TWO",
    "binary",
    "by_difference",
    "by_exp2",
    "by_log1p",
    "by_logaddexp",
    "dense",
    "first_as_peak",
    "from_the_first",
    "halves",
    "in_base",
    "infinite",
    "larger",
    "merging",
    "moving",
    "narrow",
    "narrow_sum",
    "never_none",
    "no_peak",
    "not_divided",
    "one_share",
    "passed_on",
    "tail_kept",
    "transposed",
    "unguarded",
    "with_plus",
]
