"""What laws of gradients compare: all gradients of one call, or of two."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import finite_difference, noted, rounding
from attnspec.judge.law import F64, Bench
from attnspec.numerics import Comparison, within

Found = dict[str, F64]


def given_by(case: Case, bench: Bench) -> Found:
    """Return the gradients that a function gives, by name."""
    result = bench.run(case)
    names = [name for name, _, _ in case.results]
    arrays = [result.output, *(result.others[name] for name in names[1:])]
    return {n: np.asarray(a, np.float64) for n, a in zip(names, arrays, strict=True)}


def right_for(case: Case, bench: Bench) -> dict[str, tuple[F64, F64]]:
    """Return what is right, by name, each with its bound."""
    known = bench.judged(case)
    return {case.results[0][0]: (known.output, known.bound), **known.others}


def alike(
    case: Case,
    other: Case,
    bench: Bench,
    note: str,
    moved: Callable[[str, F64], F64] = lambda _, array: array,
) -> Iterator[Comparison]:
    """Yield whether two calls differ by what their exact gradients differ by.

    `moved` takes a gradient of the first call to where it is in the second one.
    """
    one, two = right_for(case, bench), right_for(other, bench)
    first, second = given_by(case, bench), given_by(other, bench)
    for name in second:
        here, there = moved(name, first[name]), second[name]
        expected = here + finite_difference(two[name][0], moved(name, one[name][0]))
        bound = moved(name, one[name][1]) + two[name][1] + rounding(here, there)
        yield noted(within(expected, there, bound, what=name), note)


__all__ = ["alike", "given_by", "right_for"]
