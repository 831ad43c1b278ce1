"""What the bounds need of keys and values, once for all queries of some heads."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec.kinds.attention.bounds.problem import Bool, Float64, Problem, Real
from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel


@dataclasses.dataclass(slots=True, eq=False)
class Ground:
    """Keys and values as the bounds use them.

    Values are divided by `unit`, a power of two, so that no square overflows.
    Keys that no query sees count as zero: what is hidden costs nothing.

    Parameters
    ----------
    key
        |key|, transposed.
    key_rounded
        |k| where the formats of the model do not hold the key, and 0 elsewhere,
        transposed; None if keys are not rounded.
    columns
        |v|, v - c and (v - c)^2 side by side: one matrix product serves all.
        Where values are rounded, |v| of those that the formats do not hold follows.
    center
        The median c of the values; any number would do.
    highest, lowest, largest
        The extremes of v and of |v| over the keys.
    sums
        The sum of |v| over the keys, not divided.
    outward
        A factor that covers the roundings of the bound's own arithmetic.
    guard
        An absolute term that covers what its own arithmetic flushes to zero.
    cancellation
        The relative error of a difference of sums.
    """

    real: type[np.floating[Any]]
    key: Real
    key_rounded: Real | None
    columns: Real
    unit: Float64
    center: Float64
    highest: Float64
    lowest: Float64
    largest: Float64
    sums: Float64
    outward: float
    guard: float
    cancellation: float


def ground(
    problem: Problem,
    seen: Bool | None,
    real: type[np.floating[Any]],
    model: NumericModel,
) -> Ground:
    """Prepare keys and values; `seen` is (B, Hkv, S) or None for all."""
    value, key = _without_unseen(problem, seen)
    unit = _unit(value)
    scaled = value / unit
    middle = scaled.shape[3] // 2
    center = np.partition(scaled, middle, axis=3)[:, :, :, middle : middle + 1]
    size, apart = np.abs(scaled), scaled - center
    parts = [size, apart, apart * apart]
    if model.values:
        parts.append(size * ~held(model.values, value))
    columns = np.concatenate(parts, axis=-1)
    terms = problem.keys + problem.key.shape[-1] + 256
    rounding, guard = (2.0**-22, 2.0**-120) if real is np.float32 else (2.0**-51, 0.0)
    is_known = problem.carried is None
    exact = is_known & held(model.inputs, key) if model.inputs else None
    return Ground(
        real=real,
        key=np.abs(key).astype(real).swapaxes(-1, -2),
        key_rounded=None
        if exact is None
        else (np.abs(key) * ~exact).astype(real).swapaxes(-1, -2),
        columns=columns.astype(real),
        unit=unit,
        center=center,
        highest=scaled.max(axis=3, keepdims=True),
        lowest=scaled.min(axis=3, keepdims=True),
        largest=size.max(axis=3, keepdims=True),
        sums=size.sum(axis=3, keepdims=True) * unit,
        outward=1 + terms * rounding,
        guard=max(terms * guard, 1e-300),
        cancellation=terms * rounding,
    )


def held(formats: tuple[str, ...], array: Float64) -> Bool:
    """Return which numbers every one of these formats holds."""
    return np.logical_and.reduce([format_of(name).holds(array) for name in formats])


def _without_unseen(problem: Problem, seen: Bool | None) -> tuple[Float64, Float64]:
    """Return values and keys (B, Hkv, S, E), zero where no query sees them."""
    value, key = problem.value, problem.key[:, :, 0]
    if seen is None:
        return value, key
    value = value.copy()
    value[:, :, 0, : problem.keys][~seen] = 0.0
    return value, np.where(seen[..., None], key, 0.0)


def _unit(value: Float64) -> Float64:
    """Return the power of two above the largest value of each key head."""
    largest = np.abs(value).max(axis=(3, 4), keepdims=True, initial=0.0)
    exponent = np.frexp(np.where(largest > 0, largest, 1.0))[1]
    return np.ldexp(1.0, np.clip(exponent, -1000, 1000))


__all__ = ["Ground", "ground", "held"]
