"""The smallest case of a finding, or that of an earlier one with the same mistake."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

from attnspec.exceptions import InvalidArgument
from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.examination import Examination, examine, is_wrong
from attnspec.judge.features import (
    FEW,
    OTHERS,
    nature,
    present,
    says_right,
    several,
    single,
    size,
)
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.shrink import shrink
from attnspec.judge.verdicts import Finding, Verdict

_FAINTER = 1e3
"""How much less wrong a call may be by the mistake that explains another one."""

_SECONDS = 15.0
"""How long a smaller case is looked for, by the estimated time of an example."""


class Smaller:
    """Finds the smallest case in which a law fails as it did."""

    def __init__(
        self,
        law: Invariant,
        bench: KernelBench,
        draws: Draws,
        fails: Callable[[Recipe], bool],
    ) -> None:
        """Look for cases of this law, with this kernel, that fail in the same way."""
        self._law = law
        self._bench = bench
        self._draws = draws
        self.fails = fails
        self._calls: list[tuple[Case, Result | None]] = []
        self.same_as = ""
        """The law that an earlier finding broke in the same case."""
        self.is_moved = False
        """Whether the case is that of the earlier finding."""

    def than(self, recipe: Recipe, found: Examination) -> Recipe:
        """Return the smallest recipe that fails; the one just seen is where to begin.

        Where an earlier finding is at work nothing smaller need be looked for. It is
        not at work where what it needs is taken away and the law still fails: then
        there is another mistake.
        """
        if found.verdict is Verdict.HELD_BACK:
            return self._shrunk(recipe, 30)
        has = self._seen(recipe, found)
        for finding in sorted(self._bench.findings, key=_breadth):
            if not self._is_alike(finding, found, has):
                continue
            other = self._without(recipe, finding)
            if other is not None and self.fails(other):
                recipe, has = other, self._seen(other, found)
            elif same := self._same(recipe, finding, found, has):
                self.same_as = finding.invariant
                return same
            elif other is not None and says_right(self._look(other)):
                self.same_as = finding.invariant
                return recipe
        return self._shrunk(recipe, 30 if found.verdict is Verdict.CRASHED else 200)

    def _seen(self, recipe: Recipe, found: Examination) -> dict[str, int]:
        """Return what the case just seen has, and remember its calls."""
        self._calls = list(self._bench.calls)
        return present(self._bench.kind, self._law, recipe, self._bench.ran, found)

    def _shrunk(self, recipe: Recipe, attempts: int) -> Recipe:
        """Return the smallest recipe that fails, found in so many attempts."""
        table = self._bench.kind.table
        return shrink(
            recipe,
            self.fails,
            self._candidates,
            table.weight,
            attempts=attempts,
            cost=table.budget.seconds if table.budget else lambda _recipe: 0.0,
            budget=_SECONDS,
        )

    def _is_alike(
        self, finding: Finding, found: Examination, has: dict[str, int]
    ) -> bool:
        """Return whether an earlier finding may be at work in a case."""
        features = finding.features
        return (
            features is not None
            and features.nature == nature(self._law, found, fleeting=False)
            and all(has.get(name, -1) >= n for name, n in features.has.items())
        )

    def _without(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Return a recipe in which an earlier finding cannot show, if there is one."""
        table, needs = self._bench.kind.table, finding.features.needs  # type: ignore[union-attr]
        if not needs:
            return None
        other = recipe
        for name in table.claims:
            if name in needs:
                other = table.without(other, name)
        for name in table.sizes:
            if size(name) in needs:
                other = other.replace(**{name: min(FEW, other[name])})
        whole = table.numbers - set(table.sizes)
        for name in (*self._bench.kind.likeness.several, *sorted(whole)):
            if several(name) in needs or (name in whole and size(name) in needs):
                other = single(table, other, name)
        with contextlib.suppress(InvalidArgument):
            other = self._draws.fit(other)
            return other if other != recipe else None
        return None

    def _same(
        self,
        recipe: Recipe,
        finding: Finding,
        found: Examination,
        has: dict[str, int],
    ) -> Recipe | None:
        """Return a case in which an earlier finding is what the law fails by, if any.

        That is the case of the finding, where the law fails in it as well; or the one
        just seen, where a call of it is as wrong without anything else that it has.
        """
        for moved in self._moved(recipe, finding):
            if self.fails(moved):
                self.is_moved = True
                return moved
        if self._has_wrong_call(finding):
            return recipe
        agreement = self._bench.kind.laws[self._bench.kind.agreement]
        bare = self._bare(recipe, finding, has)
        again = examine(agreement, bare, self._bench)
        is_as_wrong = again.verdict == found.verdict and (
            again.ratio * _FAINTER >= found.ratio or not math.isfinite(again.ratio)
        )
        return recipe if is_as_wrong else None

    def _has_wrong_call(self, finding: Finding) -> bool:
        """Return whether a call with no other options than a finding's is wrong."""
        has = finding.features.has if finding.features else {}
        if any(" " in name for name in has) or len(self._calls) < 2:
            return False
        return any(
            found is not None
            and set(case.problem.options) <= set(has)
            and is_wrong(case, found, self._bench)
            for case, found in self._calls
        )

    def _bare(self, recipe: Recipe, finding: Finding, has: dict[str, int]) -> Recipe:
        """Return a recipe without anything but what an earlier finding has."""
        table, features = self._bench.kind.table, finding.features
        for name in has:
            if name in table.claims and not (features and name in features.has):
                recipe = table.without(recipe, name)
        return table.within(recipe, self._bench.capabilities)

    def _moved(self, recipe: Recipe, finding: Finding) -> Iterator[Recipe]:
        """Yield the case of an earlier finding as one that the law can be asked of.

        With other data as well: the law may hold by chance.
        """
        kind, fit = self._bench.kind, self._draws.fit
        moved = asked_of(kind, self._law, finding.recipe, recipe, fit)
        if moved is not None:
            yield from (moved.replace(seed=seed) for seed in (moved.seed, *OTHERS))

    def _candidates(self, failing: Recipe) -> Iterator[Recipe]:
        """Yield recipes that may be smaller; one that cannot be is passed over."""
        for candidate in self._bench.kind.table.simpler(failing):
            with contextlib.suppress(InvalidArgument):
                yield self._draws.fit(candidate)

    def _look(self, recipe: Recipe) -> Examination:
        return examine(self._law, recipe, self._bench)


def asked_of(
    kind: Kind,
    law: Invariant,
    recipe: Recipe,
    own: Recipe,
    fit: Callable[[Recipe], Recipe],
) -> Recipe | None:
    """Return the nearest recipe that a law can be asked of, with the options it needs.

    They are taken from a recipe of its `own`. None if there is no such recipe.
    """
    table = kind.table
    missing = {
        n: own[n] for n in law.needs if n in set(table.switches) - set(table.on(recipe))
    }
    with contextlib.suppress(InvalidArgument):
        return fit(recipe.replace(dtype=own.dtype, **missing))
    return None


def _breadth(finding: Finding) -> int:
    """Return how much a finding has: the least explains the most."""
    return len(finding.features.has) if finding.features else 0


__all__ = ["Smaller", "asked_of"]
