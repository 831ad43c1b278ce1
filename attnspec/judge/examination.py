"""One example before the judge."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from attnspec.exceptions import (
    Inadmissible,
    InvalidArgument,
    KernelCrashed,
    KernelFault,
    KernelRaised,
    KernelTimedOut,
    MalformedResult,
)
from attnspec.judge.always import NeverCalledSo
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.compare import judged_results
from attnspec.judge.law import Invariant
from attnspec.judge.nulls import NullBench
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Finding, Verdict
from attnspec.numerics import Comparison

FAULTS: dict[type[KernelFault], Verdict] = {
    KernelRaised: Verdict.REFUSED,
    MalformedResult: Verdict.FAILED,
    KernelCrashed: Verdict.CRASHED,
    KernelTimedOut: Verdict.TIMED_OUT,
}
"""What a law says of a function that does not return a result."""


@dataclasses.dataclass(frozen=True, slots=True)
class Examination:
    """What became of one example: a verdict if it broke the law."""

    verdict: Verdict | None = None
    comparison: Comparison | None = None
    message: str = ""
    ratio: float = 0.0
    """The largest error in units of the bound."""
    weak: bool = False
    inadmissible: str = ""
    never: bool = False
    """Whether it is inadmissible because the function is never called so."""


class Nulls:
    """Which of an invariant's null answers its examples have excluded so far."""

    def __init__(self, invariant: Invariant, bench: KernelBench) -> None:
        """Start with none excluded."""
        self.remaining = list(bench.nulls(invariant))
        self._excluded: list[str] = []

    def exclude(self, invariant: Invariant, case: Case, bench: KernelBench) -> bool:
        """Return whether an example excludes a null; try the remaining ones first."""
        for name in [*self.remaining, *self._excluded]:
            if self._excludes(invariant, case, NullBench(bench, name)):
                if name in self.remaining:
                    self.remaining.remove(name)
                    self._excluded.append(name)
                return True
        return not (self.remaining or self._excluded)

    def _excludes(self, invariant: Invariant, case: Case, bench: NullBench) -> bool:
        try:
            return not all(c.holds for c in invariant.check(case, bench))
        except Inadmissible:
            return False


def examine(
    invariant: Invariant, recipe: Recipe, bench: KernelBench, nulls: Nulls | None = None
) -> Examination:
    """Put one example before an invariant.

    Without `nulls` the example is not asked whether it is weak.
    """
    with np.errstate(all="ignore"):  # What a wrong kernel returns may be anything.
        return _examined(invariant, bench.kind.case(recipe), bench, nulls)


def _examined(
    invariant: Invariant, case: Case, bench: KernelBench, nulls: Nulls | None
) -> Examination:
    bench.calls.clear()
    try:
        comparisons = []
        for comparison in invariant.check(case, bench):
            if not comparison.holds:
                held = _is_held_back(invariant, bench, case.dtype)
                verdict = Verdict.HELD_BACK if held else Verdict.FAILED
                return _failed(comparison, verdict)
            comparisons.append(comparison)
    except Inadmissible as reason:
        never = isinstance(reason, NeverCalledSo)
        return Examination(inadmissible=str(reason), never=never)
    except KernelFault as fault:
        return _faulty(fault, bench)
    ratio = max((c.ratio for c in comparisons), default=0.0)
    weak = not comparisons
    if not weak and nulls is not None:
        weak = not nulls.exclude(invariant, case, bench)
    return Examination(ratio=ratio, weak=weak)


def _faulty(fault: KernelFault, bench: KernelBench) -> Examination:
    """Return what is said of a call that did not return a result."""
    try:
        held = _rests_on_wrong(bench)
    except Inadmissible as reason:
        return Examination(inadmissible=str(reason))
    verdict = Verdict.HELD_BACK if held else FAULTS[type(fault)]
    return Examination(verdict=verdict, message=str(fault))


def _is_held_back(law: Invariant, bench: KernelBench, dtype: str) -> bool:
    """Return whether a law says nothing, since its calls are wrong by themselves.

    A law before it must say so, too, and of nothing that this one is about: then it is
    not the relation between the calls that is broken. A law of history says nothing of
    a call that is wrong when it comes first.
    """
    if _rests_on_wrong(bench):
        return True
    if law.of_history:
        return _all_wrong(bench, least=1)
    said = said_before(law, bench, dtype)
    about = law.needs | law.any_of
    is_mine = any(f.features and about & set(f.features.has) for f in said)
    return bool(said) and not is_mine and compares_wrong(bench)


def _rests_on_wrong(bench: KernelBench) -> bool:
    """Return whether a call of the example rests on one that is wrong by itself."""
    return any(bench.kind.rests_on_wrong(case, bench) for case in bench.ran)


def said_before(law: Invariant, bench: KernelBench, dtype: str) -> list[Finding]:
    """Return what the laws before this one have found of numbers in a format."""
    before = set(itertools.takewhile(law.id.__ne__, bench.kind.laws))
    return [
        found
        for found in bench.findings
        if found.comparison and found.invariant in before
        if found.recipe.dtype == dtype
    ]


def compares_wrong(bench: KernelBench) -> bool:
    """Return whether the example just examined compares calls that are all wrong.

    Several calls of one problem are no comparison.
    """
    return _all_wrong(bench, least=2)


def _all_wrong(bench: KernelBench, *, least: int) -> bool:
    """Return whether so many problems were asked, and each is wrong by itself."""
    answers = {id(c.problem): (c, found) for c, found in bench.calls if found}
    return len(answers) >= least and all(
        is_wrong(case, found, bench) for case, found in answers.values()
    )


def is_wrong(case: Case, found: Result, bench: KernelBench) -> bool:
    """Return whether a call is known to be wrong by itself."""
    try:
        exact = bench.judged(case)
        return not all(c.holds for c in judged_results(case, found, exact))
    except (Inadmissible, InvalidArgument):
        return False


def _failed(comparison: Comparison, verdict: Verdict) -> Examination:
    return Examination(
        verdict=verdict,
        comparison=comparison,
        message=comparison.note,
        ratio=comparison.ratio,
    )


__all__ = [
    "FAULTS",
    "Examination",
    "Nulls",
    "compares_wrong",
    "examine",
    "is_wrong",
    "said_before",
]
