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

import math

import numpy as np
import numpy.typing as npt

from attnspec.kinds.attention.bounds.errors import (
    Weights,
    log_weight_error,
    normalizer_error,
    score_error,
)
from attnspec.kinds.attention.bounds.ground import Ground
from attnspec.kinds.attention.bounds.problem import Float64
from attnspec.kinds.attention.bounds.rates import Rates, gamma, rounded
from attnspec.kinds.attention.bounds.scores import weighted_sum
from attnspec.kinds.attention.bounds.spread import Spread, spread
from attnspec.numerics.formats import format_of


def output_bound(
    weights: Weights, ground: Ground, rates: Rates, spread_: Spread
) -> Float64:
    """Bound the error of the output of a block, elementwise.

    With numerator N + dN and denominator D (1 + f)^-1, |f| <= gamma, the quotient is
    off by at most (1 + gamma) |dN| / D + gamma |N / D|.
    """
    model, output = rates.model, np.abs(weights.output)
    moved, absolute, beside, inside = _value_errors(weights, ground, rates, spread_)
    terms = _additions(weights, rates)
    dividing = rounded(3, rates.unit)
    storing = _storing(model.stored_accumulator, rates)
    adding = _gammas(terms, format_of(model.accumulator).unit * model.accumulator_unit)
    below = denominator_error(weights, rates)
    numerator = adding + (storing + dividing + storing * dividing) * (1 + adding)
    numerator = numerator * (1 + rates.weight) * (1 + rates.value) * absolute
    numerator = (1 + below) * (numerator + beside + inside)
    error = (moved + numerator + below * (output + moved)) * (1 + dividing)
    error += _underflow(weights, ground, rates)
    common = np.expm1(normalizer_error(rates, weights))
    error += common * (output + error)
    error = _with_evaluator(error, rates, spread_)
    error += rates.output * (output + error)
    error += model.output_unit * model.tiny(model.output)
    return np.where(weights.terms > 0, error, 0.0)


def _additions(weights: Weights, rates: Rates) -> npt.NDArray[np.int_]:
    """Return how often a weight, or its product with a value, is rounded in a sum."""
    return np.minimum(weights.terms, rates.depth) + rates.rescalings


def _storing(format_: str | None, rates: Rates) -> float:
    """Return what storing a running sum after every block costs, relatively."""
    return gamma(rates.rescalings + 1, format_of(format_).unit) if format_ else 0.0


def denominator_error(weights: Weights, rates: Rates) -> Float64:
    """Return the relative error of one divided by the sum of the weights."""
    model = rates.model
    unit = format_of(model.row_sum or model.softmax).unit
    adding = _gammas(_additions(weights, rates), unit)
    return adding + _storing(model.stored_row_sum, rates) * (1 + adding)


def _with_evaluator(error: Float64, rates: Rates, spread_: Spread) -> Float64:
    """Add the error of the evaluator, which is a kernel in float64 itself."""
    if rates.is_double:
        return error * (2 * (1 + 2.0**-20))
    return error * (1 + 2.0**-20 + 2.0**-28 * spread_.worst)


def _value_errors(
    weights: Weights, ground: Ground, rates: Rates, spread_: Spread
) -> tuple[Float64, Float64, Float64 | float, Float64 | float]:
    """Return the first term of the bound, sum p |v|, and what rounding costs.

    The last two are for values that are rounded and for weights that are.
    The sum over |v - o| is bounded by the triangle inequality and by
    Cauchy-Schwarz on values relative to their median; both are matrix products.
    """
    changed = weighted_sum(spread_.gain, ground.columns).astype(np.float64)
    width = weights.output.shape[-1]
    output = weights.output / ground.unit
    gain = spread_.gain.sum(axis=-1, keepdims=True).astype(np.float64)
    moved = _deviation(changed, gain, output, ground) / spread_.floor
    extent = np.maximum(ground.highest - output, output - ground.lowest)
    extent = np.maximum(extent, 0.0)
    moved = np.minimum(moved, extent)
    if spread_.lost is not None:
        moved = np.where(spread_.lost, extent, moved)
    moved *= ground.unit * ground.outward
    summed = rates.weight > 0 and rates.model.weights_in_sum != "no"
    needed = slice(None) if summed or rates.value else slice(width)
    exact = weighted_sum(weights.p, ground.columns[..., needed]).astype(np.float64)
    absolute = (exact[..., :width] + changed[..., :width]) / spread_.floor
    largest = ground.largest * ground.unit
    absolute = np.minimum(absolute * ground.outward * ground.unit, largest)
    of_values: Float64 | float = 0.0
    if rates.value:
        rounded = (exact + changed)[..., 3 * width :] / spread_.floor
        rounded = np.minimum(rounded * ground.outward * ground.unit, largest)
        of_values = rates.value * rounded + rates.value_tiny
    deviation = None
    if summed:
        sums = weights.p.sum(axis=-1, keepdims=True).astype(np.float64)
        deviation = _deviation(exact, sums, output, ground) * ground.unit
        deviation = deviation / spread_.floor + 2 * moved
    return moved, absolute, of_values, _rounded_weights(rates, absolute, deviation)


def _rounded_weights(
    rates: Rates, absolute: Float64, deviation: Float64 | None
) -> Float64 | float:
    """Bound what rounding the weights costs, in the sum or beside it."""
    beside = rates.weight * (1 + rates.value) * absolute
    if deviation is None:
        return beside
    inside = rates.weight * (1 + rates.value) * deviation / (1 - rates.weight)
    if rates.model.weights_in_sum == "yes":
        return inside
    return np.maximum(beside, inside)


def _deviation(
    sums: Float64, total: Float64, output: Float64, ground: Ground
) -> Float64:
    """Bound sum_j a_j |v_j - o| from sum a |v|, sum a (v - c) and sum a (v - c)^2.

    The root of a product of two small numbers is that of their roots: it does not
    underflow.
    """
    width = output.shape[-1]
    absolute, linear, square = np.split(sums[..., : 3 * width], 3, axis=-1)
    triangle = absolute + total * np.abs(output)
    offset = output - ground.center
    around = square + offset * offset * total
    variance = around - 2 * offset * linear + ground.cancellation * around
    cauchy = np.sqrt(np.maximum(variance, 0.0) + ground.guard) * np.sqrt(total)
    return np.fmin(triangle, cauchy) * ground.outward + ground.guard


def _underflow(weights: Weights, ground: Ground, rates: Rates) -> Float64:
    """Bound what flushed weights and products cost."""
    model, count = rates.model, weights.terms
    grown = math.exp(min(model.max_slack, 700.0))
    flushed = model.tiny(model.softmax) * grown
    unsummed = max(model.tiny(model.row_sum or model.softmax) * grown, flushed)
    sums = ground.sums
    if weights.seen.keep is not None:
        shape = weights.p.shape[:2] + weights.seen.keep.shape[2:]
        keep = np.broadcast_to(weights.seen.keep, shape).astype(ground.real)
        width = weights.output.shape[-1]
        sums = weighted_sum(keep, ground.columns[..., :width]) * ground.unit
    error = flushed * 2 * sums + unsummed * count * np.abs(weights.output)
    error = error + 2 * count * model.tiny(model.accumulator)
    if model.stored_accumulator:
        each = model.tiny(model.stored_accumulator) * grown
        error = error + (rates.rescalings + 1) * each
    if model.weights:
        lost = model.operand_unit * model.tiny(model.weights) * grown
        normalized = model.weights_normalized or model.normalized_by_lse
        total = 1.0 if normalized else weights.total
        if model.weights_in_sum != "no":
            # What is lost is missing in the sum, too, of which 1 remains.
            total = np.maximum(total - lost * count, 1.0)
            sums = sums + count * np.abs(weights.output)
        error = error + lost * sums / np.maximum(total, 1.0)
    return 2 * error


def lse_bound(weights: Weights, rates: Rates, spread_: Spread) -> Float64:
    """Bound the error of the logsumexp of a block.

    It is not invariant to a shift of the scores, so their size counts.
    """
    model, unit, count = rates.model, rates.unit, weights.terms
    size = np.abs(weights.largest) + weights.top + model.max_slack
    visible = np.maximum(count, 1)
    error = spread_.log_total + np.log1p(denominator_error(weights, rates))
    if rates.weight and model.weights_in_sum != "no":
        error = error - math.log1p(-rates.weight)
        lost = model.operand_unit * model.tiny(model.weights or "float32")
        error = error + visible * lost * math.exp(min(model.max_slack, 700.0))
    logs = model.log_relative + 2 * unit
    error = error + logs * (np.log(visible) + model.max_slack + 1e-3 + error)
    error = error + (model.scale_roundings + 1) * unit * size
    if rates.merges:
        error = error + normalizer_error(rates, weights)
    lse = np.abs(weights.lse)
    error = error + 2 * unit * (lse + error) + model.tiny(model.softmax) * visible
    if rates.is_double:
        error = error * 2
    if model.lse:
        error = error + format_of(model.lse).unit * (lse + error)
        error = error + model.tiny(model.lse)
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
    "Spread",
    "Weights",
    "denominator_error",
    "log_weight_error",
    "lse_bound",
    "output_bound",
    "score_error",
    "spread",
]
