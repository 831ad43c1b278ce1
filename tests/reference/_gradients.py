"""Problems with cotangents, and how far two ways to differentiate them may differ."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec.reference import (
    Gradients,
    attention_vjp,
    attention_weights,
    attention_with_logsumexp,
    default_scale,
    repeat_kv,
)
from tests.reference._bounds import UNDERFLOW, UNIT, gamma
from tests.reference._bounds import bounds as forward_bounds
from tests.reference._problems import Array, Problem


@dataclasses.dataclass(frozen=True)
class Pulled:
    """A problem, and what is pulled back through it."""

    problem: Problem
    d_output: Array
    d_lse: Array
    kept: Array

    def vjp(self, **changes: Any) -> dict[str, Array]:
        """The gradients that there are, by name."""
        given = {"d_lse": self.d_lse, "kept": self.kept, **self.problem.options}
        found = attention_vjp(*self.problem.arrays, self.d_output, **(given | changes))
        return _there(found)


def _there(found: Gradients) -> dict[str, Array]:
    return {n: a for n, a in found._asdict().items() if a is not None}


def gradient_bound(pulled: Pulled) -> dict[str, Array]:
    """Limit the distance of two ways to differentiate attention.

    Every gradient is a sum of products of a weight, a slope, and at most four numbers
    that are given; in `size` each of them is a magnitude, and delta the sum that it
    bounds. A weight exp(s - lse) is off by the errors of s and lse and by a rounding of
    what they are; a slope, 1 / cosh(x / cap)^2, by 2 / cap times the error of x. No
    factor goes through more than 40 further roundings beside the sums.
    """
    problem, options = pulled.problem, pulled.problem.options
    limits = forward_bounds(problem)
    _, lse = attention_with_logsumexp(*problem.arrays, **options)
    live = np.where(np.isfinite(lse), np.abs(lse), 0.0)
    weights = attention_weights(problem.query, problem.key, **options)
    groups = problem.grid[1] // problem.key.shape[1]
    key, value = (np.abs(repeat_kv(x, groups)) for x in problem.arrays[1:])
    query, d_output = np.abs(problem.query), np.abs(pulled.d_output)
    scale = abs(options.get("scale", default_scale(query.shape[-1])))
    # The bound of the logsumexp has in it the largest error of a score of its row.
    off = limits.lse * (4.0 + 4.0 / options.get("softcap", np.inf))
    products = scale * (query @ key.swapaxes(2, 3)).max(axis=-1, initial=0.0)
    bias = np.where(
        np.isneginf(options.get("bias", 0.0)), 0.0, options.get("bias", 0.0)
    )
    sizes = 4.0 * (live + products + np.max(np.abs(bias), initial=0.0) + 8.0)
    terms = sum(problem.grid) * groups + problem.value.shape[3]
    growth = np.expm1(off + UNIT * sizes + gamma(40 + 2 * terms)).max(initial=0.0)
    t = pulled.kept * (d_output @ value.swapaxes(2, 3))
    delta = (weights * t).sum(-1) + np.abs(pulled.d_lse)
    ds = weights * (t + delta[..., None])
    dx = scale * ds

    def by_key(rows: Array, factors: Array, shape: tuple[int, ...]) -> Array:
        found = factors.swapaxes(2, 3) @ rows
        return np.asarray(found.reshape(*shape[:2], groups, *shape[2:]).sum(2))

    size = {
        "dq": dx @ key,
        "dk": by_key(query, dx, problem.key.shape),
        "dv": by_key(d_output, pulled.kept * weights, problem.value.shape),
        "dbias": np.asarray(ds.sum()),
        "dsink": np.asarray(delta.sum(axis=(0, 2))),
    }
    largest = float(np.max(t, initial=1.0)) * (1.0 + products.max(initial=0.0))
    return {n: 4.0 * growth * s + UNDERFLOW * largest for n, s in size.items()}


__all__ = ["Pulled", "gradient_bound"]
