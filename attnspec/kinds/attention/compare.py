"""What laws of attention yield beside the machine's comparisons: the logsumexp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import noted, rounding
from attnspec.judge.law import F64, Bench
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import Comparison, identical, within


class AttentionBench(Bench, Protocol):
    """A bench on which an attention kernel stands."""

    def judged(self, case: Case) -> Evaluation:
        """Return the exact result of a case and the bounds on the kernel's error."""


def output_agrees(
    case: AttentionCase, bench: AttentionBench, note: str = ""
) -> Iterator[Comparison]:
    """Yield whether the kernel's output is within the bound of the exact one.

    What the call may have changed in memory is a law of its own.
    """
    exact = bench.judged(case)
    yield noted(within(exact.output, bench.run(case).output, exact.bound), note)


def exactly(
    expected: Array, rows: Array, case: AttentionCase, bench: AttentionBench
) -> Comparison:
    """Compare rows bit by bit where the model keeps a weight of 1, else by the bound.

    What merges parts by their logsumexp, say, has a weight near 1 instead.
    """
    actual = bench.run(case).output[rows]
    if bench.model.is_exact_on_ones:
        return identical(expected, actual, what="output")
    return within(expected.astype(np.float64), actual, bench.judged(case).bound[rows])


def lse_agrees(
    case: AttentionCase, bench: AttentionBench, note: str = ""
) -> Iterator[Comparison]:
    """Yield whether the kernel's logsumexp is within the bound of the exact one."""
    _, bound = bench.judged(case).others["lse"]
    actual = lse_of(case, bench)
    expected = expected_lse(actual, case, bench)
    yield noted(within(expected, actual, bound, what="lse"), note)


def spoiled_agrees(
    spoiled: AttentionCase, clean: AttentionCase, bench: AttentionBench, note: str
) -> Iterator[Comparison]:
    """Yield whether results are right where NaN and infinities decide.

    What is wrong without them as well is no matter of theirs: nothing is said.
    """
    for found in _where_decided(spoiled, bench):
        if not found.holds and not all(c.holds for c in _where_decided(clean, bench)):
            return
        yield noted(found, note)


def _where_decided(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """Yield whether output and logsumexp are right where anything is decided."""
    exact = bench.judged(case)
    asked = "return_lse" in bench.capabilities
    found = bench.run(case.with_lse() if asked else case)
    output = _decided(found.output, exact.output, exact.left_open)
    yield within(exact.output, output, exact.bound)
    if asked:
        expected = expected_lse(found.others["lse"], case, bench)
        lse = _decided(found.others["lse"], expected, exact.lse_left_open)
        yield within(expected, lse, exact.others["lse"][1], what="lse")


def _decided(actual: Array, expected: F64, left_open: Array | None) -> Array:
    """Return what a kernel returned, and what is expected where all is right."""
    return actual if left_open is None else np.where(left_open, expected, actual)


def expected_lse(actual: Array, case: AttentionCase, bench: AttentionBench) -> F64:
    """Return the exact logsumexp; a finite stand-in for minus infinity as it came."""
    exact = bench.judged(case)
    if bench.dialect["empty_lse"] != "finite" or case.sink is not None:
        return exact.lse
    found = actual.astype(np.float64)
    stands = (exact.visible == 0) & (found < -1e4) & np.isfinite(found)
    return np.where(stands, found, exact.lse)


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
    bound = one.others["lse"][1] + two.others["lse"][1] + rounding(expected, second)
    yield noted(within(expected, second, bound, what="lse"), note)


def lse_of(case: AttentionCase, bench: AttentionBench) -> Array:
    """Return the logsumexp that a kernel returns."""
    return bench.run(case.with_lse()).others["lse"]


__all__ = [
    "AttentionBench",
    "exactly",
    "expected_lse",
    "lse_agrees",
    "lse_of",
    "output_agrees",
    "same_lse",
    "spoiled_agrees",
]
