"""What laws yield: one call against what is right, or against another call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, Result
from attnspec.judge.law import F64, Bench, Exact
from attnspec.numerics import Comparison, identical, within


def noted(comparison: Comparison, note: str) -> Comparison:
    """Return a comparison with a note."""
    return dataclasses.replace(comparison, note=note) if note else comparison


def fact(note: str, *, holds: bool) -> Comparison:
    """Return a comparison of a fact: 1 is expected."""
    found = np.asarray(1.0 if holds else 0.0)
    return noted(identical(np.ones(()), found, what="fact"), note)


def same_bits(expected: Array, actual: Array, what: str) -> Comparison:
    """Return whether two arrays of one format are the same, to the last bit.

    Bits are compared as whole numbers of 16: each of them is a number in float64.
    """
    one, two = (np.ascontiguousarray(a).view(np.uint16) for a in (expected, actual))
    return identical(one, two, what=f"bits of {what}")


def rounding(*arrays: Array) -> F64:
    """Return what adding results in float64 may have cost.

    Two roundings of u = 2**-53 each, on what is no larger than the sum of the sizes,
    are less than 2**-50 of it.
    """
    total = np.zeros(())
    for array in arrays:
        total = total + np.abs(np.nan_to_num(array, posinf=0.0, neginf=0.0))
    return np.asarray(total * 2.0**-50)


def finite_difference(two: F64, one: F64) -> F64:
    """Return two - one; 0 where both are the same infinity or NaN."""
    with np.errstate(invalid="ignore"):
        return np.where((two == one) | (np.isnan(two) & np.isnan(one)), 0.0, two - one)


def judged_results(case: Case, found: Result, exact: Exact) -> Iterator[Comparison]:
    """Yield whether every result of a call is within the bound of what is right."""
    yield within(exact.output, found.output, exact.bound)
    for name, _, _ in case.results[1:]:
        value, bound = exact.others[name]
        yield within(value, found.others[name], bound, what=name)


def agrees(case: Case, bench: Bench, note: str = "") -> Iterator[Comparison]:
    """Yield whether every result is within the bound of what is right.

    A call leaves its arguments alone, and what earlier calls have returned.
    """
    exact = bench.judged(case)
    found = bench.run(case)
    for comparison in judged_results(case, found, exact):
        yield noted(comparison, note)
    if found.mutated:
        yield fact(f"changed: {', '.join(found.mutated)}", holds=False)


def _whole(output: Array) -> Array:
    return output


def alike(
    case: Case,
    other: Case,
    bench: Bench,
    note: str,
    *,
    moved: Callable[[Array], Array] = _whole,
    there: Callable[[Array], Array] = _whole,
) -> Iterator[Comparison]:
    """Yield whether two calls differ by what their exact results differ by.

    The two may err by their bounds, so the difference by the sum of both. Where the
    exact results are equal this compares the function with itself. `moved` takes the
    first result, and `there` the second one, to the places that are compared.
    """
    one, two = bench.judged(case), bench.judged(other)
    first = moved(np.asarray(bench.run(case).output, np.float64))
    second = there(np.asarray(bench.run(other).output, np.float64))
    expected = first + finite_difference(there(two.output), moved(one.output))
    bound = moved(one.bound) + there(two.bound) + rounding(first, second)
    yield noted(within(expected, second, bound), note)


def same_at(
    case: Case, other: Case, bench: Bench, note: str, here: Any, there: Any = None
) -> Iterator[Comparison]:
    """Yield whether parts of two outputs differ as the exact ones do."""
    place = here if there is None else there
    yield from alike(
        case, other, bench, note, moved=lambda a: a[here], there=lambda a: a[place]
    )


__all__ = [
    "agrees",
    "alike",
    "fact",
    "finite_difference",
    "judged_results",
    "noted",
    "rounding",
    "same_at",
    "same_bits",
]
