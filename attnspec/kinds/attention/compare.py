"""The few comparisons that all laws are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.law import AttentionBench
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import Comparison, within

F64 = npt.NDArray[np.float64]
Rows = tuple[slice | Array, ...] | None
"""Which rows of an output to look at; all by default."""


def agrees(
    case: AttentionCase, bench: AttentionBench, note: str = ""
) -> Iterator[Comparison]:
    """Yield whether the kernel's output is within the bound of the exact one."""
    exact = bench.judged(case)
    actual = bench.run(case).output
    yield noted(within(exact.output, actual, output_bound(exact)), note)


def lse_agrees(
    case: AttentionCase, bench: AttentionBench, note: str = ""
) -> Iterator[Comparison]:
    """Yield whether the kernel's logsumexp is within the bound of the exact one."""
    exact = bench.judged(case)
    actual = lse_of(case, bench)
    expected = expected_lse(exact, actual, case, bench)
    yield noted(within(expected, actual, lse_bound(exact), what="lse"), note)


def expected_lse(
    exact: Evaluation, actual: Array, case: AttentionCase, bench: AttentionBench
) -> F64:
    """Return the exact logsumexp; a finite stand-in for minus infinity as it came."""
    if bench.dialect.empty_lse != "finite" or case.sink is not None:
        return exact.lse
    stand_in = (exact.visible == 0) & (actual.astype(np.float64) < -1e4)
    stands = stand_in & np.isfinite(actual.astype(np.float64))
    return np.where(stands, actual.astype(np.float64), exact.lse)


def same(
    case: AttentionCase,
    other: AttentionCase,
    bench: AttentionBench,
    note: str,
    *,
    rows: Rows = None,
) -> Iterator[Comparison]:
    """Yield whether two calls differ by what their exact results differ by.

    The two may err by their bounds, so the difference by the sum of both. Where
    the exact results are equal this compares the kernel with itself.
    """
    one, two = bench.judged(case), bench.judged(other)
    first = bench.run(case).output.astype(np.float64)
    second = bench.run(other).output.astype(np.float64)
    expected = first + finite_difference(two.output, one.output)
    bound = output_bound(one) + output_bound(two) + rounding(expected, second)
    here = np.s_[...] if rows is None else rows
    yield noted(within(expected[here], second[here], bound[here]), note)


def same_lse(
    case: AttentionCase,
    other: AttentionCase,
    bench: AttentionBench,
    note: str,
    shift: float = 0.0,
) -> Iterator[Comparison]:
    """Yield whether two logsumexps differ by a shift."""
    one, two = bench.judged(case), bench.judged(other)
    first = lse_of(case, bench).astype(np.float64)
    second = lse_of(other, bench).astype(np.float64)
    expected = np.where(one.visible > 0, first + shift, second)
    bound = lse_bound(one) + lse_bound(two) + rounding(expected, second)
    yield noted(within(expected, second, bound, what="lse"), note)


def finite_difference(two: F64, one: F64) -> F64:
    """Return two - one; 0 where both are the same infinity or NaN."""
    with np.errstate(invalid="ignore"):
        return np.where((two == one) | (np.isnan(two) & np.isnan(one)), 0.0, two - one)


def rounding(*arrays: F64) -> F64:
    """Return what adding results in float64 may have cost."""
    total = np.zeros(())
    for array in arrays:
        total = total + np.abs(np.nan_to_num(array, posinf=0.0, neginf=0.0))
    return np.asarray(total * 2.0**-50)


def output_bound(exact: Evaluation) -> F64:
    """Return the bound on the output."""
    if exact.output_bound is None:
        msg = "evaluation without a bound"
        raise TypeError(msg)
    return exact.output_bound


def lse_bound(exact: Evaluation) -> F64:
    """Return the bound on the logsumexp."""
    if exact.lse_bound is None:
        msg = "evaluation without a bound"
        raise TypeError(msg)
    return exact.lse_bound


def lse_of(case: AttentionCase, bench: AttentionBench) -> Array:
    """Return the logsumexp that a kernel returns."""
    lse = bench.run(case, lse=True).lse
    if lse is None:
        msg = "the bench returned no logsumexp"
        raise TypeError(msg)
    return lse


def noted(comparison: Comparison, note: str) -> Comparison:
    """Return a comparison with a note."""
    return dataclasses.replace(comparison, note=note) if note else comparison


__all__ = [
    "F64",
    "Rows",
    "agrees",
    "expected_lse",
    "finite_difference",
    "lse_agrees",
    "lse_bound",
    "lse_of",
    "noted",
    "output_bound",
    "rounding",
    "same",
    "same_lse",
]
