"""The errors of scores and of the logarithms of weights that a model allows."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.kinds.attention.bounds.ground import Ground
from attnspec.kinds.attention.bounds.problem import Float64, Problem, Real
from attnspec.kinds.attention.bounds.rates import Rates, compound
from attnspec.kinds.attention.bounds.scores import Visibility


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
    return error * slope + (capped + error) * rate


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
    if not worst <= 2.0**-4:  # Also when it is NaN.
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


__all__ = ["Weights", "log_weight_error", "score_error"]
