"""What errors of log weights do to a row of weights."""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.kinds.attention.bounds.errors import Weights
from attnspec.kinds.attention.bounds.problem import Bool, Float64, Real

FINE = 2.0**-7
"""Below this error of a log weight, exp(x) - 1 is replaced by its tangent."""
PEAKED = 1.0625
"""Below this sum of weights relative to the largest, one weight is nearly all."""


@dataclasses.dataclass(slots=True, eq=False)
class Spread:
    """What errors of log weights do to a row of weights.

    `gain` is p (exp(Delta) - 1); `floor` bounds the sum of p exp(-Delta) from
    below; `log_total` bounds the change of the log of the sum; `worst` is the
    largest Delta; `lost` marks rows in which nothing is known but the range.
    """

    gain: Real
    floor: Float64
    log_total: Float64
    worst: Float64
    lost: Bool | None


def spread(delta: Real, weights: Weights, outward: float) -> Spread:
    """Bound the change of each weight; `delta` is used up."""
    worst = delta.max(axis=-1, keepdims=True, initial=0.0).astype(np.float64)
    if not worst.max(initial=0.0) <= FINE:
        return _coarse_spread(delta, weights, worst, outward)
    delta *= weights.p
    delta *= delta.dtype.type((1 + 2 * FINE) * outward)
    total = delta.sum(axis=-1, keepdims=True).astype(np.float64) * outward
    _move_to_peak(delta, weights)
    return Spread(delta, np.exp(-2 * worst), np.log1p(total), worst, None)


def _move_to_peak(gain: Real, weights: Weights) -> None:
    """Give the largest weight of a peaked row the common constant, in place.

    Then the gain is small wherever one weight is nearly all, with no difference
    of large sums to take.
    """
    peaked = np.nonzero(weights.total[..., 0] < PEAKED)
    if not len(peaked[0]):
        return
    rows, p = gain[peaked], weights.p[peaked]
    top = p.argmax(axis=-1)[:, None]
    rows += p * (np.take_along_axis(rows, top, -1) / np.take_along_axis(p, top, -1))
    np.put_along_axis(rows, top, 0.0, axis=-1)
    gain[peaked] = rows


def _coarse_spread(
    delta: Real, weights: Weights, worst: Float64, outward: float
) -> Spread:
    """Bound the change of each weight where errors are not small.

    In rows with a large error the common constant moves to the largest weight,
    and weights are taken in the log domain: a tiny weight may grow to anything.
    """
    big = ~(worst <= 0.5)
    visible = weights.shifted
    if weights.seen.keep is not None:
        visible = np.where(weights.seen.keep, visible, -np.inf)
    top = visible.argmax(axis=-1)[..., None]
    moved = delta + np.take_along_axis(delta, top, axis=-1)
    np.put_along_axis(moved, top, 0.0, axis=-1)
    moved = np.where(big | (weights.total < PEAKED), moved, delta)
    limit = 60.0 if delta.dtype == np.float32 else 300.0
    grown = visible - np.log(weights.total).astype(delta.dtype) + moved
    lost = ~(grown <= limit)
    gain = np.where(
        moved < 0.5,
        weights.p * np.expm1(np.minimum(moved, 0.5)),
        np.exp(np.where(lost, limit, grown)) - weights.p,
    )
    gain *= delta.dtype.type(outward)
    floor = (weights.p * np.exp(-moved)).sum(axis=-1, keepdims=True) / outward
    floor = np.where(floor > 0, floor, 1.0).astype(np.float64)
    log_total = np.where(big, worst, _log_total(delta, weights, outward))
    return Spread(gain, floor, log_total, worst, lost.any(axis=-1, keepdims=True))


def _log_total(delta: Real, weights: Weights, outward: float) -> Float64:
    """Bound log(sum p exp(Delta)) in rows whose errors are at most 1/2."""
    gain = weights.p * np.expm1(np.minimum(delta, 0.5))
    return np.log1p(gain.sum(axis=-1, keepdims=True).astype(np.float64) * outward)


__all__ = ["FINE", "PEAKED", "Spread", "spread"]
