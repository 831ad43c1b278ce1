"""One example before the judge."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from attnspec.exceptions import (
    Inadmissible,
    KernelCrashed,
    KernelFault,
    KernelRaised,
    KernelTimedOut,
    MalformedResult,
)
from attnspec.judge.always import NeverCalledSo
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case
from attnspec.judge.law import Invariant
from attnspec.judge.nulls import NullBench
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Verdict
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.formats import format_of

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
    bench.ran.clear()
    try:
        comparisons = []
        for comparison in invariant.check(case, bench):
            if not comparison.holds:
                return _failed(comparison)
            comparisons.append(comparison)
    except Inadmissible as reason:
        never = isinstance(reason, NeverCalledSo)
        return Examination(inadmissible=str(reason), never=never)
    except KernelFault as fault:
        return Examination(verdict=FAULTS[type(fault)], message=str(fault))
    ratio = max((c.ratio for c in comparisons), default=0.0)
    weak = not comparisons
    if not weak and nulls is not None:
        weak = not nulls.exclude(invariant, case, bench)
    return Examination(ratio=ratio, weak=weak)


def _failed(comparison: Comparison) -> Examination:
    return Examination(
        verdict=Verdict.FAILED,
        comparison=comparison,
        message=comparison.note,
        ratio=comparison.ratio,
    )


def relaxation(
    invariant: Invariant, recipes: tuple[Recipe, ...], bench: KernelBench
) -> str:
    """Return the mildest relaxation of the numeric model that explains every example.

    An example that was shrunk has little left to explain, so the one that was
    found first must be explained as well, by a model that still tells it from a
    null answer: a bound so wide that anything passes explains nothing.
    """
    ratio = max(examine(invariant, recipe, bench).ratio for recipe in recipes)
    if not math.isfinite(ratio):
        return ""
    for words, model in bench.kind.relaxations(bench.model):
        if ratio > _reach(model, bench.model):
            continue
        relaxed = bench.with_model(model)
        again = [examine(invariant, recipe, relaxed) for recipe in recipes[1:]]
        again.append(examine(invariant, recipes[0], relaxed, Nulls(invariant, relaxed)))
        holds = all(a.verdict is None and not a.inadmissible for a in again)
        if holds and not again[-1].weak:
            return words
    return ""


def _reach(relaxed: NumericModel, model: NumericModel) -> float:
    """Return how many bounds an error may have that a coarser format explains.

    A bound grows as the unit does. Where it grows much more than that, it is the
    higher orders of a format that is too coarse to tell anything.
    """
    new = set(relaxed.formats) - set(model.formats)
    if not new:
        return math.inf
    finest = min(format_of(name).unit for name in model.formats)
    return 2.0 * max(format_of(name).unit for name in new) / finest


__all__ = ["FAULTS", "Examination", "Nulls", "examine", "relaxation"]
