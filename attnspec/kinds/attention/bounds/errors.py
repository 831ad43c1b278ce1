"""The errors of scores and of the logarithms of weights that a model allows."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.kinds.attention.bounds.ground import Ground, held
from attnspec.kinds.attention.bounds.problem import Bool, Float64, Problem, Real
from attnspec.kinds.attention.bounds.rates import Rates, compound
from attnspec.kinds.attention.bounds.scores import Visibility
from attnspec.numerics.formats import format_of


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
    bent: Real,
    values: Float64,
    seen: Visibility,
) -> Real:
    """Bound the errors of scores.

    They follow from |scaled products|, from the magnitude of what the softcap bends,
    and from the scores.
    """
    error = _product_error(problem, ground, rates)
    error += magnitude * error.dtype.type(rates.score)
    if problem.carried is not None:
        carried = _carried(problem, problem.carried, rates)
        error[..., : problem.keys] += carried.astype(error.dtype)
    if problem.softcap is not None and not problem.softcap_is_last:
        error = _capped(error, bent, problem.softcap, rates)
    _add_bias_errors(problem, rates, error, bent if problem.softcap_is_last else values)
    if problem.softcap is not None and problem.softcap_is_last:
        error = _capped(error, bent, problem.softcap, rates)
    if problem.sink is not None:
        error[..., -1] = rates.sink * np.abs(problem.sink)[..., 0, None]
    for hidden in (seen.hidden, seen.mean):
        if hidden is not None:
            np.copyto(error, 0.0, where=hidden)
    return error


def _carried(problem: Problem, carried: Float64, rates: Rates) -> Float64:
    """Return what errors of query and key do to scores, and to their roundings."""
    scale = abs(problem.scale)
    rate = (rates.product + rates.prescale + 2 * rates.input) / scale if scale else 0.0
    return np.asarray(carried * (1 + rates.score + rate))


def _add_bias_errors(problem: Problem, rates: Rates, error: Real, sums: Array) -> None:
    """Add the errors of the bias and of the slopes, in place; `sums` are with both."""
    error, sums = error[..., : problem.keys], sums[..., : problem.keys]
    if problem.bias is not None:
        error += _bias_error(problem.bias, rates, error, sums)
    if problem.slopes is not None:
        apart = np.abs(problem.query_positions)[:, None] + np.arange(problem.keys)
        error += _slope_error(problem.slopes * apart, rates, error, sums)


def _slope_error(size: Float64, rates: Rates, error: Real, sums: Array) -> Real:
    """Bound the error of slopes times distances, and of adding them.

    The terms of key and query may be rounded each for itself, and a slope may be
    divided by the scale and the sum multiplied with it.
    """
    real = error.dtype
    rate = 4 * rates.unit + compound(*rates.model.scores)
    whole = np.abs(sums).astype(real) + error
    added: Real = whole * real.type(rates.unit + rates.stored)
    return added + size.astype(real) * real.type(rate)


def _bias_error(bias: Array, rates: Rates, error: Real, values: Array) -> Real:
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
    size *= (rates.product + rates.prescale * _rounded(problem, rates)) * ground.outward
    size += tiny
    left = size.astype(real).reshape(batch, heads, group * queries, width)
    columns = ground.columns.shape[3]
    error = np.empty((batch, heads, group * queries, columns), real)
    np.matmul(left, ground.key, out=error[..., : problem.keys])
    error[..., problem.keys :] = 0.0
    if ground.key_rounded is not None:
        rounded = _of_inputs(problem, ground, rates, ground.key_rounded)
        error[..., : problem.keys] += rounded
    error = error.reshape(batch, heads, group, queries, columns)
    error += alone.astype(real)
    return error


def _rounded(problem: Problem, rates: Rates) -> Bool | bool:
    """Return where a query that is scaled first is rounded: where no format holds it.

    A product within float64's rounding of a number that the format holds is rounded
    to that number, or cut to the one before it.
    """
    model = rates.model
    finer = rates.unit < format_of(model.prescale).unit if model.prescale else False
    if not finer or model.operand_unit > 1 or problem.carried is not None:
        return bool(model.prescale)
    return ~held((model.prescale or "",), problem.query * problem.scale)


def _of_inputs(
    problem: Problem, ground: Ground, rates: Rates, rounded_key: Real
) -> Real:
    """Bound what rounding query and key as they are given does to products.

    |fl(q) fl(k) - q k| <= r |q'| |k| + r (1 + r) |q| |k'|, where q' and k' are what
    the formats do not hold. The factor scales and later roundings are in the rate.
    """
    formats, unit = rates.model.inputs, rates.model.operand_unit
    shape = (*problem.key.shape[:2], -1, problem.query.shape[-1])
    query, real = np.abs(problem.query), ground.real
    is_known = problem.carried is None
    rounded = np.where(is_known & held(formats, problem.query), 0.0, query)
    again = 1.0 + compound(*formats, unit=unit)
    rate = rates.input * ground.outward
    left, right = ((a * rate).astype(real).reshape(shape) for a in (rounded, query))
    products: Real = left @ ground.key + right @ (rounded_key * real(again))
    return products


def _capped(error: Real, magnitude: Real, softcap: float, rates: Rates) -> Real:
    """Carry the error of a product through softcap * tanh(x / softcap)."""
    decay = np.exp(np.maximum(magnitude - error, 0.0) * (-2.0 / softcap))
    slope = 4.0 * decay / (1.0 + decay) ** 2
    capped: Real = np.minimum(magnitude, softcap)
    real = error.dtype.type
    absolute = real(rates.softcap_absolute * softcap)
    return error * slope + (capped + error) * real(rates.softcap) + absolute


def log_weight_error(rates: Rates, error: Real, weights: Weights) -> Real:
    """Turn score errors, in place, into errors of the logarithms of weights.

    Rescaling by a running maximum telescopes: the arguments of all exponentials
    that a weight meets add up to its distance from the final maximum. Where parts
    are merged, they add up to the distance of the part's logsumexp from the whole
    one, and the rounding of that logsumexp moves all weights of the part.
    """
    slack, top = rates.model.max_slack, weights.top
    farthest = -float(weights.shifted.min(initial=0.0))
    farthest += 2 * float(top.max(initial=0.0)) + slack
    real = error.dtype.type
    own_slope, apart, further = 0.0, np.zeros_like(top), np.zeros_like(top)
    if rates.merges:
        own_slope, apart = rates.lse, lse_error(rates, weights)
    if rates.merges or rates.model.normalized_by_lse:
        further = top + _log_count(weights)
        farthest += float(further.max(initial=0.0))
    worst = rates.exp_constant + rates.exp_slope * farthest
    if not worst <= 2.0**-4:  # Also when it is NaN.
        argument = error - weights.shifted + (top + slack + further).astype(error.dtype)
        relative = rates.exp_constant + rates.exp_slope * argument
        error += rates.unit * argument + relative / np.maximum(1 - relative, 1e-3)
        error -= weights.shifted * real(own_slope)
        return _added(error, apart)
    slope = rates.unit + rates.exp_slope / (1 - worst)
    error *= real(1 + slope)
    error -= weights.shifted * real(slope + own_slope)
    common = slope * (top + slack + further) + rates.exp_constant / (1 - worst) + apart
    return _added(error, common)


def _added(error: Real, common: Float64) -> Real:
    """Add one number a row, in place."""
    error += common.astype(error.dtype)
    return error


def _log_count(weights: Weights) -> Float64:
    """Return the largest logarithm of a sum of weights: none is larger than 1."""
    return np.log(np.maximum(weights.terms, 2))


def lse_error(rates: Rates, weights: Weights) -> Float64:
    """Bound the error of a stored logsumexp as that of a computed sum, row by row.

    It is the largest score plus a logarithm, four times rounded at most (the sum,
    the change of base and its constant, the store), and rounded to its format.
    """
    count = _log_count(weights)
    size = np.abs(weights.largest) + weights.top + rates.model.max_slack + count
    return rates.lse * size + rates.log * (count + rates.model.max_slack)


def normalizer_error(rates: Rates, weights: Weights) -> Float64:
    """Bound how far the weights of a row may sum to another number than 1, as a log.

    A kernel that divides by the sum of its own weights has no such error. One that
    multiplies by exp(-lse) has that of the stored lse, and of exponentials whose
    arguments, log p, have a mean of at most the logarithm of their number. Merging
    does so once a step.
    """
    model = rates.model
    steps = rates.merges + model.normalized_by_lse
    if not steps:
        return np.zeros_like(weights.top)
    constant = model.exp_relative * (1 + rates.rescalings * model.normalized_by_lse)
    slope = (model.exp_argument + rates.unit) * (
        _log_count(weights) + model.max_slack + 2 * weights.top
    )
    each = (constant + slope) / np.maximum(1 - constant - slope, 1e-3)
    return np.asarray(steps * (lse_error(rates, weights) + rates.lse + 2 * each))


__all__ = [
    "Weights",
    "log_weight_error",
    "lse_error",
    "normalizer_error",
    "score_error",
]
