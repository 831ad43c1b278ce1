r"""How far the definitions can be from their formulas, as float64 rounds them.

With u = 2^-53 and gamma(n) = n u / (1 - n u), a sum of n products, in any order, is
off by at most gamma(n) times the sum of the absolute products. NumPy's exp, log and
tanh are taken to be off by at most 4 u in relative terms. Then, for one row:

- a score is off by d, which adds up along scale, softcap (whose slope is at most 1)
  and bias;
- exp(s - peak) is off by a factor of at most exp(2 d + u range + 4 u), where range
  is the largest distance of a score from the peak; beyond 800 it is 0 anyhow;
- a weight is the quotient of one such number and a sum of n of them;
- the output adds gamma(n + 1) for its own products and sums;
- the logsumexp moves no further than the largest score does, and adds the error of
  its sum, of its logarithm and of its last addition.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from attnspec.reference import (
    attention_weights,
    default_scale,
    logsumexp_with_sink,
    repeat_kv,
)
from attnspec.reference._problem import Problem as Reduced
from attnspec.reference._problem import reduced
from tests.reference._problems import Array, Problem

UNIT = 2.0**-53
UNDERFLOW = 2.0**-1000
"""More than all that underflow can take from a weight."""


DEFAULTS: dict[str, Any] = {
    "mask": None,
    "bias": None,
    "scale": None,
    "causal": False,
    "window": None,
    "softcap": None,
    "sink": None,
    "alignment": "lower_right",
}
"""What the options are when they are not given."""


class Bounds(NamedTuple):
    """Elementwise limits on the distance of the definition from its formula."""

    output: Array
    lse: Array


def gamma(n: float) -> float:
    """Limit the relative error of n roundings."""
    return n * UNIT / (1.0 - n * UNIT)


def bounds(problem: Problem) -> Bounds:
    """Limit the error of output and logsumexp; see above for the derivation."""
    exact = reduced(*problem.arrays, **(DEFAULTS | problem.options))
    score, distance = _score_errors(problem, exact), _ranges(exact)
    count = problem.grid[3] + 1  # The sink counts as a key.
    growth = 2.0 * (2.0 * score + UNIT * distance + 4.0 * UNIT) + gamma(count + 4)
    weights = attention_weights(problem.query, problem.key, **problem.options)
    seen = np.asarray(exact.visible.any(axis=2))[..., None]
    value = np.abs(np.where(seen, exact.value, 0.0))
    size = weights @ value / (1.0 - growth[..., None])
    floor = UNDERFLOW * value.sum(axis=2, keepdims=True)
    lse = np.abs(logsumexp_with_sink(exact.scores, exact.visible, exact.sink))
    lse_size = np.where(np.isinf(lse), 0.0, lse) + distance + 6.0 * np.log(count)
    return Bounds(
        output=np.expm1(growth + gamma(count + 2))[..., None] * size + floor,
        lse=score + UNIT * (2.0 * lse_size + 8.0) + gamma(count),
    )


def _score_errors(problem: Problem, exact: Reduced) -> Array:
    """Limit the error of the visible scores of each row."""
    scale, bias = problem.options.get("scale"), problem.options.get("bias", np.zeros(1))
    if scale is None:
        scale = default_scale(problem.query.shape[-1])
    key = repeat_kv(problem.key, problem.query.shape[1] // problem.key.shape[1])
    size = abs(scale) * (np.abs(problem.query) @ np.abs(key).swapaxes(-1, -2))
    addend = np.where(np.isneginf(bias), 0.0, np.abs(bias))
    error = (gamma(problem.query.shape[-1] + 2) + 9.0 * UNIT) * size + UNIT * addend
    return np.max(error, axis=-1, initial=0.0, where=exact.visible)


def _ranges(exact: Reduced) -> Array:
    """Find the largest distance of a visible score, or the sink, from the peak."""
    column = np.broadcast_to(exact.sink, exact.scores.shape[:-1])[..., None]
    scores = np.where(exact.visible, exact.scores, -np.inf)
    joined = np.concatenate([scores, column], axis=-1)
    peak = np.max(joined, axis=-1, keepdims=True)
    finite = np.isfinite(joined)
    distance = np.where(finite, peak, 0.0) - np.where(finite, joined, 0.0)
    return np.minimum(distance.max(axis=-1), 800.0)


__all__ = ["UNIT", "Bounds", "bounds", "gamma"]
