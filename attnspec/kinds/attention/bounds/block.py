"""One block of queries: value, logsumexp and bounds in one pass."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds import bounds
from attnspec.kinds.attention.bounds.ground import Ground
from attnspec.kinds.attention.bounds.problem import Bool, Float64, Problem, Real
from attnspec.kinds.attention.bounds.rates import Rates
from attnspec.kinds.attention.bounds.scores import (
    Visibility,
    bent,
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
    visible: npt.NDArray[np.int_]
    output_bound: Float64 | None = None
    lse_bound: Float64 | None = None


def block(
    problem: Problem, dialect: Dialect, ground: Ground | None, rates: Rates | None
) -> Block:
    """Evaluate some queries of a finite problem, with bounds if there are rates."""
    seen = visibility(problem)
    scaled = products(problem)
    if ground is None or rates is None:
        result = _value(problem, scores(problem, scaled, seen), seen)
    else:
        magnitude = scaled.astype(ground.real)
        np.abs(magnitude, out=magnitude)
        capped = bent(problem, scaled, magnitude)
        values = scores(problem, scaled, seen)
        error = bounds.score_error(
            problem, ground, rates, magnitude, capped, values, seen
        )
        result = _bounded(problem, ground, rates, error, values, seen)
    _fill_empty_rows(result, seen, dialect, has_keys=problem.keys > 0)
    if result.output_bound is not None:
        result.output_bound[~np.isfinite(result.output)] = 0.0
        result.lse_bound[~np.isfinite(result.lse)] = 0.0  # type: ignore[index]
    return result


@dataclasses.dataclass(slots=True, eq=False)
class _Softmax:
    """Sums of weights, output and logsumexp of a block."""

    total: Float64
    output: Float64
    lse: Float64


def _softmax(problem: Problem, shifted: Float64, largest: Float64) -> _Softmax:
    """Turn shifted scores into weights, in place, and add up."""
    weights = np.exp(shifted, out=shifted)
    total = weights.sum(axis=-1, keepdims=True)
    total[total == 0] = 1.0
    output = weighted_sum(weights, problem.value)
    output /= total
    return _Softmax(total, output, largest + np.log(total))


def _value(problem: Problem, values: Float64, seen: Visibility) -> Block:
    """Evaluate without bounds."""
    largest = shift(values)
    result = _softmax(problem, values, largest)
    return Block(result.output, result.lse[..., 0], seen.count)


def _bounded(
    problem: Problem,
    ground: Ground,
    rates: Rates,
    error: Real,
    values: Float64,
    seen: Visibility,
) -> Block:
    """Evaluate with bounds."""
    largest = shift(values)
    shifted = values.astype(ground.real)
    if seen.hidden is not None:
        np.copyto(shifted, 0.0, where=seen.hidden)
    exact = _softmax(problem, values, largest)
    p = values.astype(ground.real, copy=False)
    p *= (1.0 / exact.total).astype(ground.real)
    top = error.max(axis=-1, keepdims=True, initial=0.0).astype(np.float64)
    rows = (largest, exact.total, exact.lse, exact.output, _terms(problem, seen), top)
    weights = bounds.Weights(p, shifted, *rows, seen)
    delta = bounds.log_weight_error(rates, error, weights)
    spread = bounds.spread(delta, weights, ground.outward)
    return Block(
        exact.output,
        exact.lse[..., 0],
        seen.count,
        bounds.output_bound(weights, ground, rates, spread),
        bounds.lse_bound(weights, rates, spread)[..., 0],
    )


def _terms(problem: Problem, seen: Visibility) -> npt.NDArray[np.int_]:
    """Return how many numbers each row adds up, (B, Hkv, G, L, 1)."""
    if seen.keep is None:
        return np.full((1, 1, 1, problem.queries, 1), problem.value.shape[3])
    return np.asarray(np.count_nonzero(seen.keep, axis=-1))[..., None]


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
        result.output[rows] = np.nan if dialect["empty_keys"] == "nan" else 0.0
    elif dialect["empty_row"] != "mean":
        result.output[rows] = np.nan if dialect["empty_row"] == "nan" else 0.0
    result.lse[rows] = EMPTY_LSE[dialect["empty_lse"]]
    if result.lse_bound is not None:
        result.lse_bound[rows] = 0.0


__all__ = ["EMPTY_LSE", "Block", "block"]
