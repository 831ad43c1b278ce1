"""Merges of many partial results that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues._shift import shift_of
from attnspec.rogues.serving._merging import LOG_OF_TWO, merging, narrow

Pair = tuple[Array, Array]
Weights = Callable[[Array], tuple[Array, Array]]
"""The weight of each part, the second axis, and the logsumexp of all."""


def _shares(lses: Array) -> tuple[Array, Array]:
    """Divide each exponential by their sum."""
    peak = shift_of(lses.max(1, keepdims=True))
    sizes = np.exp(lses - peak)
    total = sizes.sum(1, keepdims=True)
    lse = (np.log(total) + peak)[:, 0]
    return sizes / np.where(total > 0, total, 1), lse


def _undivided(lses: Array) -> tuple[Array, Array]:
    peak = shift_of(lses.max(1, keepdims=True))
    return np.exp(lses - peak), _shares(lses)[1]


def _even(lses: Array) -> tuple[Array, Array]:
    return np.full_like(lses, 1 / lses.shape[1]), _shares(lses)[1]


def _peakless(lses: Array) -> tuple[Array, Array]:
    sizes = np.exp(lses)
    total = sizes.sum(1, keepdims=True)
    return sizes / np.where(total > 0, total, 1), np.log(total[:, 0])


def _largest(lses: Array) -> tuple[Array, Array]:
    return _shares(lses)[0], lses.max(1)


def _not_rescaled(lses: Array) -> tuple[Array, Array]:
    """Add sums that were taken below different peaks."""
    peak = shift_of(np.maximum.accumulate(lses, axis=1))
    sizes = np.exp(lses - peak)
    total = sizes.sum(1, keepdims=True)
    lse = (np.log(total) + peak[:, -1:])[:, 0]
    return sizes / np.where(total > 0, total, 1), lse


def _weighed(
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


def _unguarded(outputs: Array, lses: Array) -> Pair:
    """Subtract minus infinity from itself where no part has keys."""
    with np.errstate(all="ignore"):
        peak = lses.max(1, keepdims=True)
        sizes = np.exp(lses - peak)
        total = sizes.sum(1, keepdims=True)
        weights = (sizes / total)[..., None]
        output = (weights * outputs.astype(lses.dtype)).sum(1)
        lse = (np.log(total) + peak)[:, 0]
    return output.astype(outputs.dtype), lse


def _in_base(factor: float) -> Weights:
    """Read logsumexps as if their unit were so many nats."""

    def weights(lses: Array) -> tuple[Array, Array]:
        shares, lse = _shares(lses * lses.dtype.type(factor))
        return shares, lse / lses.dtype.type(factor)

    return weights


def _parts_then_rows(outputs: Array, lses: Array) -> Pair:
    """Take (T, N, H) for (N, T, H), in memory."""
    rows, parts, heads = lses.shape
    read = np.ascontiguousarray(lses).reshape(parts, rows, heads)
    return outputs, read.swapaxes(0, 1)


def _without_sinks(outputs: Array, lses: Array) -> Pair:
    """Take a part whose output is zero for one without keys."""
    nothing = (outputs == 0).all(-1)
    return outputs, np.where(nothing, -np.inf, lses).astype(lses.dtype)


def _without_the_last(outputs: Array, lses: Array) -> Pair:
    """Drop the last of several parts."""
    rest = slice(0, max(1, lses.shape[1] - 1))
    return outputs[:, rest], lses[:, rest]


def _counted_in_16_bits(output: Array, lse: Array) -> Pair:
    """Leave the rows beyond those that 16 bits count as they were."""
    output[2**16 :] = 0
    return output, lse


def _shares_of_the_last_head(outputs: Array, lses: Array) -> Pair:
    """Take the logsumexps of the last head for every head."""
    return outputs, np.broadcast_to(lses[..., -1:], lses.shape)


def _fold(outputs: Array, lses: Array) -> Pair:
    """Merge two parts at a time, from the first on."""
    pair: Callable[..., Pair] = merging()
    wide = outputs.astype(lses.dtype)
    output, lse = np.zeros_like(wide[:, 0]), np.full_like(lses[:, 0], -np.inf)
    for part in range(lses.shape[1]):
        output, lse = pair(output, lse, wide[:, part], lses[:, part])
    return output.astype(outputs.dtype), lse


def _from_the_last(outputs: Array, lses: Array) -> Pair:
    """Merge two parts at a time, from the last on."""
    return _fold(outputs[:, ::-1], lses[:, ::-1])


def _either_infinity(outputs: Array, lses: Array) -> Pair:
    return outputs, np.where(np.isposinf(lses), -lses, lses)


_rogue, _control = makers("merge-all", usual="formula", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue("mean", "The output is the plain mean of all.", _weighed(_even), "stepwise"),
    _rogue(
        "not-divided",
        "Weights are not divided by their sum.",
        _weighed(_undivided),
        "between",
    ),
    _rogue(
        "no-peak",
        "Logsumexps are exponentiated as they are.",
        _weighed(_peakless),
        "shift",
        mistake="precision",
    ),
    _rogue(
        "largest-for-all",
        "The largest logsumexp stands for that of all.",
        _weighed(_largest),
        "twins",
        mistake="lse",
    ),
    _rogue(
        "not-rescaled",
        "Sums below different peaks are added.",
        _weighed(_not_rescaled),
        "order",
        mistake="online-softmax",
    ),
    _rogue(
        "all-empty",
        "Parts without keys make NaN.",
        _unguarded,
        "empty",
        mistake="empty-row",
        mimics="flash-attention@26d7d92f",
    ),
    _rogue(
        "last-dropped",
        "The last part is dropped.",
        _weighed(before=_without_the_last),
        "neutral",
        mistake="tail",
    ),
    _rogue(
        "base-two",
        "Natural logarithms are read as binary ones.",
        _weighed(_in_base(LOG_OF_TWO)),
        "agreement",
        mistake="lse",
        mimics="sglang#33064",
    ),
    _rogue(
        "narrow-lse",
        "Logsumexps are rounded to bfloat16.",
        _weighed(before=lambda outputs, lses: (outputs, narrow(lses))),
        "agreement",
        mistake="precision",
    ),
    _rogue(
        "parts-then-rows",
        "Logsumexps of (T, N, H) are read as (N, T, H).",
        _weighed(before=_parts_then_rows),
        "rows",
        mistake="layout",
    ),
    _rogue(
        "one-head",
        "All heads of a row have the shares of the last one.",
        _weighed(before=_shares_of_the_last_head),
        "rows",
        mistake="heads",
    ),
    _rogue(
        "sink-dropped",
        "A part whose output is zero is taken for one without keys.",
        _weighed(before=_without_sinks),
        "agreement",
        mistake="sink",
        mimics="rocm-libraries#12227",
    ),
    _rogue(
        "rows-in-16-bits",
        "Rows from 65,536 on are not written.",
        _weighed(after=_counted_in_16_bits),
        "many-rows",
        mistake="grid",
    ),
)
"""Merges of many parts that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "at-once",
        "It subtracts the largest logsumexp, and weighs all parts at once.",
        _weighed(),
        claims=("empty_nan",),
    ),
    _control(
        "fold",
        "It merges two parts at a time, and stores a logsumexp in between.",
        _fold,
        claims=("empty_nan",),
    ),
    _control(
        "from-the-last",
        "It merges two parts at a time, from the last on.",
        _from_the_last,
        claims=("empty_nan",),
    ),
    _control(
        "binary",
        "Its logarithms are binary.",
        _weighed(_in_base(LOG_OF_TWO)),
        dialect={"base": "2"},
    ),
    _control(
        "either-infinity",
        "Either infinity marks a part without keys.",
        _weighed(before=_either_infinity),
        claims=("plus_infinity",),
    ),
    _control(
        "unguarded",
        "Parts without keys make NaN, as it declares.",
        _unguarded,
        dialect={"all_empty": "nan", "empty_lse": "nan"},
    ),
)
"""Merges of many parts that are right."""


__all__ = ["CONTROLS", "ROGUES"]
