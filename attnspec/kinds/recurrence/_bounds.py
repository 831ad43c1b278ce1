"""How far off any form may be that reads a sequence into a state."""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.recurrence._sequences import gates_of, wide
from attnspec.numerics import NumericModel
from attnspec.numerics.formats import format_of
from attnspec.numerics.tracked import F64, Tracked, gamma


def _logarithms(gates: F64) -> float:
    """Return how far a sum of the logarithms of all decays may come.

    Whoever adds logarithms and takes the exponential of a difference is off by the
    roundings of such a sum, times its size.
    """
    sizes = np.abs(np.log(np.where(gates > 0.0, gates, 1.0)))
    return float(sizes.sum(-2).max(initial=0.0))


def _roundings(case: Case) -> float:
    """Return how many roundings any form does between an input and an output.

    Each step may multiply by its decay, add what is read, and add to the output; a
    form in chunks does all of them once more. The dot products come in any order.
    """
    steps, width = case["key"].shape[-2:]
    return 6.0 * steps + 3.0 * width + 12.0


def rounded(
    value: F64, size: F64, past: F64, case: Case, model: NumericModel
) -> Tracked:
    """Return a result with its bound: the roundings of its terms, and their sizes.

    `past` is the size of what has been through a decay; logarithms may cost more there.
    """
    exact = Tracked.of(value, model)
    times, steps = _roundings(case), case["key"].shape[-2]
    # A difference of two sums of logarithms: as many roundings each as there are steps.
    logs = (2.0 * steps + 4.0) * _logarithms(gates_of(case))
    error = times * size + logs * past
    # n roundings are off by n u / (1 - n u) of what they round.
    off = gamma(times + logs, exact.unit) / (times + logs)
    with np.errstate(invalid="ignore"):
        error = np.where(error > 0.0, off * error, 0.0)
    room = reach(case)
    # Each product within a term may be lost near zero, and be multiplied afterwards.
    error = error + 8.0 * room * exact.tiny
    if model.weights is not None:
        # Up to three times a term may be stored in the narrow format on its way.
        narrow = format_of(model.weights)
        error = error + 3.0 * narrow.unit * size + room * model.tiny(model.weights)
    return dataclasses.replace(exact, error=error)


def reach(case: Case) -> float:
    """Return by how much a number that is lost near zero may have been multiplied."""
    steps, width = case["key"].shape[-2:]
    peaks = [
        1.0 + float(np.abs(wide(case[n])).max()) for n in ("query", "key", "value")
    ]
    scale = 1.0 if case["scale"] is None else 1.0 + abs(float(case["scale"]))
    return steps * width * scale * float(np.prod(peaks))


__all__ = ["reach", "rounded"]
