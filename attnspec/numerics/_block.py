"""One block of queries: value, logsumexp and bounds in one pass."""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.cases.dialect import Dialect
from attnspec.numerics import bounds
from attnspec.numerics._ground import Ground
from attnspec.numerics._problem import Bool, Float64, Problem
from attnspec.numerics._rates import Rates
from attnspec.numerics._scores import (
    Visibility,
    products,
    scores,
    shift,
    visibility,
    weighted_sum,
)

EMPTY_LSE = {
    "minus_infinity": -np.inf,
    "plus_infinity": np.inf,
    "finite": -1e4,
    "nan": np.nan,
}
"""The logsumexp of an empty row; ``finite`` stands for any number below."""


@dataclasses.dataclass(slots=True, eq=False)
class Block:
    """Output (B, Hkv, G, L, Ev), lse and visible (B, Hkv, G, L), and bounds."""

    output: Float64
    lse: Float64
    visible: np.ndarray
    output_bound: Float64 | None = None
    lse_bound: Float64 | None = None


def block(
    problem: Problem, dialect: Dialect, ground: Ground | None, rates: Rates | None
) -> Block:
    """Evaluate some queries, with bounds if there are rates."""
    seen = visibility(problem)
    finite = np.isfinite(problem.value)
    clean = problem
    if not finite.all():
        clean = dataclasses.replace(problem, value=np.where(finite, problem.value, 0.0))
    scaled = products(clean)
    if ground is None or rates is None:
        result = _value(clean, scores(clean, scaled, seen), seen)
    else:
        magnitude = np.abs(scaled).astype(ground.real, copy=False)
        values = scores(clean, scaled, seen)
        error = bounds.score_error(clean, ground, rates, magnitude, values, seen)
        result = _bounded(clean, ground, rates, error, values, seen)
    if clean is not problem:
        _spoil(result.output, problem.value, seen)
    _fill_empty_rows(result, seen, dialect, has_keys=problem.keys > 0)
    if result.output_bound is not None:
        result.output_bound[~np.isfinite(result.output)] = 0.0
        result.lse_bound[~np.isfinite(result.lse)] = 0.0  # type: ignore[index]
    return result


def _softmax(
    problem: Problem, values: Float64
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return sums of weights, output and logsumexp; the scores become weights."""
    largest = shift(values)
    np.exp(values, out=values)
    total = values.sum(axis=-1, keepdims=True)
    total[total == 0] = 1.0
    output = weighted_sum(values, problem.value)
    output /= total
    return largest, total, output, largest + np.log(total)


def _value(problem: Problem, values: Float64, seen: Visibility) -> Block:
    """Evaluate without bounds."""
    _, _, output, lse = _softmax(problem, values)
    return Block(output, lse[..., 0], seen.count)


def _bounded(
    problem: Problem,
    ground: Ground,
    rates: Rates,
    error: bounds.Real,
    values: Float64,
    seen: Visibility,
) -> Block:
    """Evaluate with bounds."""
    largest = values.max(axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0.0
    shifted = (values - largest).astype(ground.real, copy=False)
    if seen.keep is None or seen.hidden is None:
        terms = np.full((1, 1, 1, problem.queries, 1), values.shape[-1])
    else:
        np.copyto(shifted, 0.0, where=seen.hidden)
        terms = np.count_nonzero(seen.keep, axis=-1)[..., None]
    _, total, output, lse = _softmax(problem, values)
    p = values.astype(ground.real, copy=False)
    p *= (1.0 / total).astype(ground.real)
    weights = bounds.Weights(p, shifted, largest, total, lse, output, terms, seen)
    top = error.max(axis=-1, keepdims=True, initial=0.0).astype(np.float64)
    delta = bounds.log_weight_error(rates, error, weights)
    spread = bounds.spread(delta, weights, ground.outward)
    return Block(
        output,
        lse[..., 0],
        seen.count,
        bounds.output_bound(weights, ground, rates, spread),
        bounds.lse_bound(weights, rates, spread, top)[..., 0],
    )


def _spoil(output: Float64, value: Float64, seen: Visibility) -> None:
    """Write the NaN and infinities of visible values into the output."""
    keep = np.ones(value.shape[3], np.bool_) if seen.keep is None else seen.keep
    shape = (*output.shape[:-1], value.shape[3])
    weights = np.broadcast_to(keep, shape).astype(np.float64)
    ups, downs, nans = (
        weighted_sum(weights, marked.astype(np.float64)) > 0
        for marked in (value == np.inf, value == -np.inf, np.isnan(value))
    )
    output[ups] = np.inf
    output[downs] = -np.inf
    output[nans | (ups & downs)] = np.nan


def _fill_empty_rows(
    result: Block, seen: Visibility, dialect: Dialect, *, has_keys: bool
) -> None:
    """Give rows without a visible key the value that the dialect names."""
    if seen.empty is None:
        return
    rows: Bool = np.broadcast_to(seen.empty, result.lse.shape)
    if not rows.any():
        return
    if not has_keys:
        result.output[rows] = np.nan if dialect.empty_keys == "nan" else 0.0
    elif dialect.empty_row != "mean":
        result.output[rows] = np.nan if dialect.empty_row == "nan" else 0.0
    result.lse[rows] = EMPTY_LSE[dialect.empty_lse]
    if result.lse_bound is not None:
        result.lse_bound[rows] = 0.0


__all__ = ["EMPTY_LSE", "Block", "block"]
