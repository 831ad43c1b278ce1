r"""How far a kernel that satisfies a numeric model may lie from the exact result.

A kernel computes numerator and denominator of softmax with the same weights
:math:`w_j = \exp(s_j + \delta_j + c)`; the constant cancels. With
:math:`|\delta_j| \le \Delta_j`, exact weights p and exact output o

.. math::
    |\tilde o - o| \le \frac{\sum_j p_j (e^{\Delta_j} - 1) |v_j - o|}
                            {\sum_j p_j e^{-\Delta_j}} + \text{rounding of the sums}.

The first term vanishes when all values are equal or one weight is all: what
cancels costs nothing. Every formula here keeps its higher-order terms, so the
bound holds for any order of summation, any tiling and any data.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from attnspec.cases.case import Array
from attnspec.numerics._ground import Ground
from attnspec.numerics._problem import Float64, Problem, Real
from attnspec.numerics._rates import Rates, compound, gamma
from attnspec.numerics._scores import Visibility, weighted_sum
from attnspec.numerics.formats import format_of

FINE = 2.0**-7
"""Below this error of a log weight, exp(x) - 1 is replaced by its tangent."""
PEAKED = 1.0625
"""Below this sum of weights relative to the largest, one weight is nearly all."""


@dataclasses.dataclass(slots=True, eq=False)
class Weights:
    """The exact softmax of a block, and what is known of its rows.

    `p` and `shifted`, the score minus the largest one and 0 where hidden, are
    (B, Hkv, G, L, S); the rest has one entry a row. `total` is the sum of
    weights relative to the largest, `terms` how many there are, and `top` the
    largest score error.
    """

    p: Real
    shifted: Real
    largest: Float64
    total: Float64
    lse: Float64
    output: Float64
    terms: npt.NDArray[np.int_]
    top: Float64
    seen: Visibility


def score_error(
    problem: Problem,
    ground: Ground,
    rates: Rates,
    magnitude: Real,
    values: Float64,
    seen: Visibility,
) -> Real:
    """Bound the errors of scores, from |scaled products| and from the scores."""
    error = _product_error(problem, ground, rates)
    error += magnitude * error.dtype.type(rates.score)
    if problem.softcap is not None:
        error = _capped(error, magnitude, problem.softcap, rates)
    if problem.bias is not None:
        keys = slice(problem.keys)
        error[..., keys] += _bias_error(
            problem.bias, rates, error[..., keys], values[..., keys]
        )
    if problem.sink is not None:
        error[..., -1] = rates.sink * np.abs(problem.sink)[..., 0, None]
    for hidden in (seen.hidden, seen.mean):
        if hidden is not None:
            np.copyto(error, 0.0, where=hidden)
    return error


def _bias_error(bias: Array, rates: Rates, error: Real, values: Float64) -> Real:
    """Bound the error of adding the bias, and of storing it and the sum."""
    real = error.dtype
    formats = (name for name in rates.model.scores if name != bias.dtype.name)
    rate = 2 * rates.unit + compound(*formats)
    size = np.abs(values).astype(real) + error
    added: Real = size * real.type(rates.unit + rates.stored)
    return added + np.abs(bias).astype(real) * real.type(rate)


def _product_error(problem: Problem, ground: Ground, rates: Rates) -> Real:
    """Bound the errors of products and of rounded operands near zero."""
    real = ground.real
    batch, heads, group, queries, width = problem.query.shape
    size = np.abs(problem.query)
    tiny = rates.operand_tiny + ground.guard
    alone = tiny * size.sum(axis=-1, keepdims=True)
    alone += rates.product_tiny + ground.guard * width
    size *= rates.product * ground.outward
    size += tiny
    left = size.astype(real).reshape(batch, heads, group * queries, width)
    columns = ground.columns.shape[3]
    error = np.empty((batch, heads, group * queries, columns), real)
    np.matmul(left, ground.key, out=error[..., : problem.keys])
    error[..., problem.keys :] = 0.0
    error = error.reshape(batch, heads, group, queries, columns)
    error += alone.astype(real)
    return error


def _capped(error: Real, magnitude: Real, softcap: float, rates: Rates) -> Real:
    """Carry the error of a product through softcap * tanh(x / softcap)."""
    decay = np.exp(np.maximum(magnitude - error, 0.0) * (-2.0 / softcap))
    slope = 4.0 * decay / (1.0 + decay) ** 2
    capped: Real = np.minimum(magnitude, softcap)
    rate = error.dtype.type(rates.softcap)
    return error * slope + (capped + error) * rate  # type: ignore[no-any-return]


def log_weight_error(rates: Rates, error: Real, weights: Weights) -> Real:
    """Turn score errors, in place, into errors of the logarithms of weights.

    Rescaling by a running maximum telescopes: the arguments of all exponentials
    that a weight meets add up to its distance from the final maximum.
    """
    slack = rates.model.max_slack
    top = weights.top
    farthest = -float(weights.shifted.min(initial=0.0))
    farthest += 2 * float(top.max(initial=0.0)) + slack
    worst = rates.exp_constant + rates.exp_slope * farthest
    real = error.dtype.type
    apart = _merge_error(rates, weights, top)
    if worst > 2.0**-4:  # Also when it is NaN or infinite.
        argument = error - weights.shifted + (top + slack).astype(error.dtype)
        relative = rates.exp_constant + rates.exp_slope * argument
        error += rates.unit * argument + relative / np.maximum(1 - relative, 1e-3)
        return _added(error, apart)
    slope = rates.unit + rates.exp_slope / (1 - worst)
    error *= real(1 + slope)
    error -= weights.shifted * real(slope)
    common = slope * (top + slack) + rates.exp_constant / (1 - worst) + apart
    return _added(error, common)


def _added(error: Real, common: Float64) -> Real:
    """Add one number a row, in place."""
    error += common.astype(error.dtype)
    return error


def _merge_error(rates: Rates, weights: Weights, top: Float64) -> Float64:
    """Bound the error that merging parts by their logsumexp adds to a row."""
    if not rates.merge:
        return np.zeros_like(top)
    model, keys = rates.model, max(2, weights.p.shape[-1])
    sizes = np.abs(weights.largest) + top + math.log(keys)
    relative = 4 * model.exp_relative + model.log_relative * math.log(keys)
    return rates.merge * sizes + relative


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
    lost: npt.NDArray[np.bool_] | None


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


def output_bound(
    weights: Weights, ground: Ground, rates: Rates, spread_: Spread
) -> Float64:
    """Bound the error of the output of a block, elementwise."""
    model, output = rates.model, np.abs(weights.output)
    moved, absolute, deviation = _value_errors(weights, ground, rates, spread_)
    terms = weights.terms + rates.rescalings
    sum_error = _gammas(terms, rates.unit)
    dividing = (1 + rates.unit) ** 3 - 1
    stored = model.stored_accumulator
    storing = 0.0
    if stored:
        storing = (1 + format_of(stored).unit) ** (rates.rescalings + 1) - 1
    adding = _gammas(terms, format_of(model.accumulator).unit * model.accumulator_unit)
    numerator = (1 + adding) * (1 + storing) * (1 + dividing) - 1
    numerator = numerator * (1 + rates.weight) * absolute
    numerator += _rounded_weights(rates, absolute, deviation, moved)
    numerator += sum_error * (output + moved)
    error = (moved + numerator / np.maximum(1 - sum_error, 1e-3)) * (1 + dividing)
    error += _underflow(weights, ground, rates)
    error = _with_evaluator(error, rates, spread_)
    error += rates.output * (output + error) + model.tiny(model.output)
    return np.where(weights.terms > 0, error, 0.0)


def _with_evaluator(error: Float64, rates: Rates, spread_: Spread) -> Float64:
    """Add the error of the evaluator, which is a kernel in float64 itself."""
    if rates.is_double:
        return error * (2 * (1 + 2.0**-20))
    return error * (1 + 2.0**-20 + 2.0**-28 * spread_.worst)


def _rounded_weights(
    rates: Rates, absolute: Float64, deviation: Float64 | None, moved: Float64
) -> Float64 | float:
    """Bound what rounding the weights costs, in the sum or beside it."""
    if not rates.weight:
        return 0.0
    beside = rates.weight * absolute
    if deviation is None:
        return beside
    inside = rates.weight * (deviation + moved) / (1 - rates.weight)
    if rates.model.weights_in_sum == "yes":
        return inside
    return np.maximum(beside, inside)


def _value_errors(
    weights: Weights, ground: Ground, rates: Rates, spread_: Spread
) -> tuple[Float64, Float64, Float64 | None]:
    """Return the first term of the bound, sum p |v| and, if needed, sum p |v - o|.

    The sum over |v - o| is bounded by the triangle inequality and by
    Cauchy-Schwarz on values relative to their median; both are matrix products.
    """
    changed = weighted_sum(spread_.gain, ground.columns).astype(np.float64)
    width = weights.output.shape[-1]
    output = weights.output / ground.unit
    gain = spread_.gain.sum(axis=-1, keepdims=True).astype(np.float64)
    moved = _deviation(changed, gain, output, ground) / spread_.floor
    extent = np.maximum(ground.highest - output, output - ground.lowest)
    moved = np.minimum(moved, np.maximum(extent, 0.0))
    if spread_.lost is not None:
        moved = np.where(spread_.lost, np.maximum(extent, 0.0), moved)
    moved *= ground.unit * ground.outward
    deviation = None
    if rates.weight and rates.model.weights_in_sum != "no":
        exact = weighted_sum(weights.p, ground.columns).astype(np.float64)
        sums = weights.p.sum(axis=-1, keepdims=True).astype(np.float64)
        deviation = _deviation(exact, sums, output, ground) * ground.unit
    else:
        exact = weighted_sum(weights.p, ground.columns[..., :width])
    absolute = (exact[..., :width] + changed[..., :width]) / spread_.floor
    absolute = np.minimum(absolute * ground.outward, ground.largest) * ground.unit
    return moved, absolute, deviation


def _deviation(
    sums: Float64, total: Float64, output: Float64, ground: Ground
) -> Float64:
    """Bound sum_j a_j |v_j - o| from sum a |v|, sum a (v - c) and sum a (v - c)^2."""
    absolute, linear, square = np.split(sums, 3, axis=-1)
    triangle = absolute + total * np.abs(output)
    offset = output - ground.center
    around = square + offset * offset * total
    variance = around - 2 * offset * linear + ground.cancellation * around
    cauchy = np.sqrt((np.maximum(variance, 0.0) + ground.guard) * total)
    return np.fmin(triangle, cauchy) * ground.outward + ground.guard


def _underflow(weights: Weights, ground: Ground, rates: Rates) -> Float64:
    """Bound what flushed weights and products cost."""
    model, count = rates.model, weights.terms
    flushed = model.tiny(model.softmax) * math.exp(min(model.max_slack, 700.0))
    sums = ground.sums
    if weights.seen.keep is not None:
        shape = weights.p.shape[:2] + weights.seen.keep.shape[2:]
        keep = np.broadcast_to(weights.seen.keep, shape).astype(ground.real)
        width = weights.output.shape[-1]
        sums = weighted_sum(keep, ground.columns[..., :width]) * ground.unit
    error = flushed * (2 * sums + count * np.abs(weights.output))
    error = error + 2 * count * model.tiny(model.accumulator)
    if model.weights:
        lost = model.tiny(model.weights) * sums
        divided = 1.0 if model.weights_normalized else np.maximum(weights.total, 1.0)
        error = error + lost / divided
    return 2 * error


def lse_bound(weights: Weights, rates: Rates, spread_: Spread) -> Float64:
    """Bound the error of the logsumexp of a block.

    It is not invariant to a shift of the scores, so their size counts.
    """
    model, unit, count = rates.model, rates.unit, weights.terms
    size = np.abs(weights.largest) + weights.top + model.max_slack
    summing = np.minimum(_gammas(count + rates.rescalings, unit), 0.999)
    logs = model.log_relative + 2 * unit
    visible = np.maximum(count, 1)
    error = spread_.log_total - np.log1p(-summing)
    if rates.weight and model.weights_in_sum != "no":
        error = error - math.log1p(-rates.weight)
        error = error + visible * model.tiny(model.weights or "float32")
    error = error + logs * (np.log(visible) + model.max_slack + 1e-3 + summing)
    error = error + (model.scale_roundings + 1) * unit * size
    lse = np.abs(weights.lse)
    if model.splits:
        error = error + logs * np.log(visible + 1.0) + 2 * unit * lse
    error = error + 2 * unit * (lse + error) + model.tiny(model.softmax) * visible
    if rates.is_double:
        error = error * 2
    if model.lse:
        error = error + format_of(model.lse).unit * (lse + error)
    error = error * (1 + 2.0**-20 + 2.0**-28 * spread_.worst)
    return np.where(count > 0, error, 0.0)


def _gammas(counts: npt.NDArray[np.int_], unit: float) -> Float64:
    """Return gamma for every entry of an array; it has few distinct values."""
    low, high = int(counts.min(initial=0)), int(counts.max(initial=0))
    if high * unit < 0.5:
        return np.expm1(counts * -math.log1p(-unit))
    table = np.array([gamma(count, unit) for count in range(low, high + 1)])
    return table[counts - low]


__all__ = [
    "FINE",
    "Spread",
    "Weights",
    "log_weight_error",
    "lse_bound",
    "output_bound",
    "score_error",
    "spread",
]
