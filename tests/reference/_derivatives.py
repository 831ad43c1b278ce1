"""Derivatives of attention to 60 digits: power series of balls, entry by entry.

The forward pass is written out key by key, as the formula says, and its input is
replaced by x + t in one place. What is linear in t is the derivative.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flint
import numpy as np

from attnspec.reference import visible_keys
from tests.reference._problems import Array, Problem

BITS = 212


def derivatives(
    problem: Problem,
    d_output: Array,
    d_lse: Array,
    kept: Array,
    empty_row: str = "zero",
) -> dict[str, Array]:
    """Differentiate <d_output, output> + <d_lse, lse> by every entry of every input."""
    before, flint.ctx.prec = flint.ctx.prec, BITS
    inputs = {"dq": problem.query, "dk": problem.key, "dv": problem.value}
    inputs |= {f"d{n}": a for n, a in problem.options.items() if n in ("bias", "sink")}
    found = {name: np.zeros(array.shape) for name, array in inputs.items()}
    try:
        for name, array in inputs.items():
            for place in np.ndindex(*array.shape):
                if np.isfinite(array[place]):
                    moved = {n: _series(a, place, n == name) for n, a in inputs.items()}
                    loss = sum(
                        _losses(problem, moved, d_output, d_lse, kept, empty_row),
                        flint.arb_series([0], 2),
                    )
                    found[name][place] = float(_coefficient(loss, 1).mid())
    finally:
        flint.ctx.prec = before
    return found


def _coefficient(series: Any, degree: int) -> Any:
    """Return a coefficient of a series, 0 where it has none."""
    coefficients = series.coeffs()
    return coefficients[degree] if degree < len(coefficients) else flint.arb(0)


def _series(array: Array, place: tuple[int, ...], moves: bool) -> Array:  # noqa: FBT001
    """Return an array of power series; one entry is x + t if it moves."""
    series = np.empty(array.shape, object)
    for index in np.ndindex(*array.shape):
        slope = 1 if moves and index == place else 0
        number = float(array[index])
        series[index] = (
            flint.arb_series([number, slope], 2) if np.isfinite(number) else None
        )
    return series


def _losses(
    problem: Problem,
    inputs: dict[str, Array],
    d_output: Array,
    d_lse: Array,
    kept: Array,
    empty_row: str,
) -> Iterator[Any]:
    """Yield what each query adds to the loss."""
    _, heads, length, keys = problem.grid
    flags = {
        n: v
        for n, v in problem.options.items()
        if n in ("mask", "bias", "causal", "window", "alignment")
    }
    seen = np.broadcast_to(visible_keys(length, keys, **flags), problem.grid)
    groups = heads // problem.key.shape[1]
    for batch, head, row in np.ndindex(*problem.grid[:3]):
        place = batch, head, row
        key = inputs["dk"][batch, head // groups]
        value = inputs["dv"][batch, head // groups]
        bias = np.broadcast_to(inputs.get("dbias", np.array(0, object)), problem.grid)[
            place
        ]
        weights: dict[int, Any] = {
            int(j): _score(problem, inputs["dq"][place], key[j], bias[j]).exp()
            for j in np.flatnonzero(seen[place])
        }
        terms = list(weights.values())
        sink: Any = inputs["dsink"][head] if "dsink" in inputs else None
        if sink is not None:
            terms.append(sink.exp())
        if not terms:
            if empty_row == "zero":
                continue
            terms = [flint.arb_series([keys], 2)]
            weights = dict.fromkeys(range(keys), flint.arb_series([1], 2))
        else:
            total = sum(terms[1:], terms[0])
            yield total.log() * float(d_lse[place])
        total = sum(terms[1:], terms[0])
        for j, weight in weights.items():
            for e in range(value.shape[1]):
                factor = flint.arb(float(kept[place][j])) * float(d_output[place][e])
                yield weight / total * value[j][e] * factor


def _score(problem: Problem, query: Array, key: Array, bias: Any) -> Any:
    """Scale, then softcap, then add the bias."""
    scale, cap = problem.options.get("scale"), problem.options.get("softcap")
    if scale is None:
        scale = 1.0 / np.sqrt(len(query) or 1)
    products = (q * k for q, k in zip(query, key, strict=True))
    score = sum(products, flint.arb_series([0], 2)) * flint.arb(float(scale))
    if cap is not None:
        # tanh(x) = 1 - 2 / (exp(2 x) + 1)
        score = (1 - 2 / ((score * (2 / flint.arb(cap))).exp() + 1)) * flint.arb(cap)
    return score + bias


__all__ = ["derivatives"]
