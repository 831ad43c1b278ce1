"""What laws of kinds yield: one call against what is right, or against another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Bench
from attnspec.numerics import Comparison, within


def agrees(case: Case, bench: Bench, note: str = "") -> Iterator[Comparison]:
    """Yield whether what a function returns is within the bound of what is right."""
    exact = bench.judged(case)
    found = bench.run(case)
    answer = within(exact.output, found.output, exact.bound)
    yield dataclasses.replace(answer, note=note) if note else answer
    for name, (value, bound) in exact.others.items():
        other = within(value, found.others[name], bound, what=name)
        yield dataclasses.replace(other, note=note) if note else other


def alike(
    case: Case,
    other: Case,
    bench: Bench,
    note: str,
    *,
    moved: Callable[[Array], Array] = lambda output: output,
) -> Iterator[Comparison]:
    """Yield whether two calls give what the exact results say, up to both bounds.

    `moved` takes the first result to the place that the second one should have.
    """
    one, two = bench.judged(case), bench.judged(other)
    first = np.asarray(moved(bench.run(case).output), np.float64)
    second = np.asarray(bench.run(other).output, np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.nan_to_num(two.output - moved(one.output))
    bound = moved(one.bound) + two.bound
    room = 2.0**-50 * (np.abs(np.nan_to_num(first)) + np.abs(np.nan_to_num(second)))
    found = within(first + difference, second, bound + room)
    yield dataclasses.replace(found, note=note)


def same_at(
    case: Case,
    other: Case,
    bench: Bench,
    note: str,
    here: Any,
    there: Any = None,
) -> Iterator[Comparison]:
    """Yield whether parts of two outputs differ as the exact ones do."""
    there = here if there is None else there
    one, two = bench.judged(case), bench.judged(other)
    first = np.asarray(bench.run(case).output, np.float64)[here]
    second = np.asarray(bench.run(other).output, np.float64)[there]
    expected = first + (two.output[there] - one.output[here])
    bound = one.bound[here] + two.bound[there]
    room = 2.0**-50 * (np.abs(first) + np.abs(second))
    yield dataclasses.replace(within(expected, second, bound + room), note=note)


__all__ = ["agrees", "alike", "same_at"]
