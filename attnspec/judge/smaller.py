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
    OF_THE_PAST,
    forced,
    is_given,
    nature,
    present,
    size,
    spare_and_needed,
)
from attnspec.judge.history import right_alone
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.shrink import shrink
from attnspec.judge.verdicts import Features, Finding, Verdict

_FAINTER = 1e3
"""How much less wrong a call may be by the mistake that explains another one."""

_SECONDS = 15.0
"""How long a smaller case is looked for, by the estimated time of an example."""


class Smaller:
    """Finds the smallest case in which a law fails as it did, and what it needs."""

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
        self._is_moved = False
        self._calls: list[tuple[Case, Result | None]] = []
        self.same_as = ""
        """The law that an earlier finding broke in the same case."""

    def than(self, recipe: Recipe, found: Examination) -> Recipe:
        """Return the smallest recipe that fails; the one just seen is where to begin.

        Where an earlier finding is at work nothing smaller need be looked for. It is
        not at work where it is taken away and the law still fails: then there is
        another mistake.
        """
        if found.verdict is Verdict.HELD_BACK:
            return self._shrunk(recipe, 30)
        self._calls = list(self._bench.calls)
        has = present(self._bench.kind, self._law, recipe, self._bench.ran, found)
        known = [f for f in self._bench.findings if self._is_alike(f, found, has)]
        for finding in sorted(known, key=_breadth):
            other = self._without(recipe, finding)
            if other is not None and self.fails(other):
                recipe = other
            elif same := self._same(recipe, finding, found, has):
                self.same_as = finding.invariant
                return same
        return self._shrunk(recipe, 30 if found.verdict is Verdict.CRASHED else 200)

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
        for name, names in table.together.items():
            # What is no size by itself, as heads, is taken away as a whole.
            if any(size(n) in needs for n in set(names) - set(table.sizes)):
                first = table.fields[name][0]
                other = other.replace(**dict(zip(names, first, strict=True)))
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
        moved = self._moved(recipe, finding)
        if moved is not None and self.fails(moved):
            self._is_moved = True
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

    def _moved(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Return the case of an earlier finding as one that the law can be asked of."""
        kind, fit = self._bench.kind, self._draws.fit
        return asked_of(kind, self._law, finding.recipe, recipe, fit)

    def _candidates(self, failing: Recipe) -> Iterator[Recipe]:
        """Yield recipes that may be smaller; one that cannot be is passed over."""
        for candidate in self._bench.kind.table.simpler(failing):
            with contextlib.suppress(InvalidArgument):
                yield self._draws.fit(candidate)

    def features(self, recipe: Recipe, found: Examination) -> Features:
        """Return what a smallest case has, and what of it the finding needs."""
        kind, law = self._bench.kind, self._law
        has = present(kind, law, recipe, self._bench.ran, found)
        has = {n: v for n, v in has.items() if not is_given(kind, law, n)}
        if self._is_of_the_past():
            return Features(OF_THE_PAST)
        if self.same_as and not self._is_moved:
            return Features(nature(law, found, fleeting=False), has)
        spare, needs, signs = spare_and_needed(
            kind, recipe, has, self._draws.fit, self._look
        )
        # The search has tried smaller sizes, and to do without layouts.
        sizes = set(map(size, kind.table.numbers))
        needs |= {n for n in has if n in sizes or n.startswith("layout ")}
        # A law that is held back was not asked for long: what it needs is not known.
        needs = set() if found.verdict is Verdict.HELD_BACK else needs
        return Features(
            nature=nature(law, found, fleeting=False),
            has={name: n for name, n in has.items() if name not in spare},
            needs=frozenset(n for n in needs if not forced(kind, law, n)),
            signs=frozenset(signs),
        )

    def _is_of_the_past(self) -> bool:
        """Return whether several calls fail of which each is right when it is alone."""
        ran = self._bench.ran
        if self.same_as or len(ran) < 2 or not self._bench.call.forgets:
            return False
        return all(right_alone(case, self._bench) for case in ran)

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
