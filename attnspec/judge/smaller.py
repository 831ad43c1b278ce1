"""The smallest case of a finding, or that of an earlier one with the same mistake."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

from attnspec.exceptions import InvalidArgument, KernelFault
from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.examination import Examination, examine, is_wrong
from attnspec.judge.features import (
    FEW,
    OF_THE_PAST,
    OTHERS,
    forced,
    is_given,
    nature,
    present,
    says_right,
    several,
    single,
    size,
    spare_and_needed,
)
from attnspec.judge.history import right_alone
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.likeness import Features
from attnspec.judge.recipe import Recipe
from attnspec.judge.shrink import shrink
from attnspec.judge.verdicts import Finding, Verdict

_FAINTER = 1e3
"""How much less wrong a call may be by the mistake that explains another one."""

_SECONDS = 15.0
"""How long a smaller case is looked for."""


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
            elif other is not None and says_right(self._look(other)):
                self.same_as = finding.invariant
                return recipe
        return self._shrunk(recipe, 30 if found.verdict is Verdict.CRASHED else 200)

    def _shrunk(self, recipe: Recipe, attempts: int) -> Recipe:
        """Return the smallest recipe that fails, found in so many attempts."""
        return shrink(
            recipe,
            self.fails,
            self._candidates,
            self._bench.kind.table.weight,
            attempts=attempts,
            seconds=_SECONDS,
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

    def features(self, recipe: Recipe, found: Examination) -> Features:
        """Return what a smallest case has, and what of it the finding needs."""
        kind, law = self._bench.kind, self._law
        calls = list(self._bench.calls)
        has = present(kind, law, recipe, self._bench.ran, found)
        given = {n for n in has if is_given(kind, law, n)}
        has = {n: v for n, v in has.items() if n not in given}
        if self._is_of_the_past():
            return Features(OF_THE_PAST)
        if self.same_as and not self._is_moved:
            return Features(nature(law, found, fleeting=False), has)
        spare, needs, signs = spare_and_needed(
            kind, recipe, has, self._draws.fit, self._look
        )
        signs |= self._signs_of_given(recipe, given) | self._signs_of_forms(calls)
        # The search has tried smaller sizes, and to do without layouts.
        sizes = set(map(size, kind.table.numbers))
        needs |= {n for n in has if n in sizes or n.startswith("layout ")}
        # A law that is held back was not asked for long: what it needs is not known.
        needs = set() if found.verdict is Verdict.HELD_BACK else needs
        return Features(
            nature=nature(law, found, fleeting=False),
            has={name: n for name, n in has.items() if name not in spare},
            needs=frozenset(
                n for n in needs if n.startswith("several ") or not forced(kind, law, n)
            ),
            signs=frozenset(signs),
        )

    def _signs_of_given(self, recipe: Recipe, given: set[str]) -> set[str]:
        """Return what accounts for a finding of what its law always gives.

        Another law can do without: the one of agreement.
        """
        kind, bench = self._bench.kind, self._bench
        agreement = kind.laws[kind.agreement]

        def look(other: Recipe) -> Examination:
            return examine(agreement, other, bench)

        def within(other: Recipe) -> Recipe:
            return kind.table.within(other, bench.capabilities)

        if not given or look(recipe).verdict is not Verdict.FAILED:
            return set()
        return spare_and_needed(kind, recipe, given, within, look)[2]

    def _signs_of_forms(self, calls: list[tuple[Case, Result | None]]) -> set[str]:
        """Return what is wrong however it is said, and right where it is not said."""
        return {
            sign
            for case, found in calls
            if found is not None and is_wrong(case, found, self._bench)
            for sign, same, without in self._bench.kind.likeness.forms(
                case, self._bench
            )
            if self._errs(same) and not self._errs(without)
        }

    def _errs(self, case: Case) -> bool:
        """Return whether a call is wrong by itself."""
        try:
            return is_wrong(case, self._bench.run(case), self._bench)
        except KernelFault:
            return True

    def _is_of_the_past(self) -> bool:
        """Return whether calls fail of which each is right when it is alone.

        Of a single call that is asked where the function has a past: whatever it was
        that made a smaller case of it fail, may have been the case before.
        """
        ran = self._bench.ran
        least = 1 if any(map(_is_of_the_past, self._bench.findings)) else 2
        if self.same_as or len(ran) < least or not self._bench.call.forgets:
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


def _is_of_the_past(finding: Finding) -> bool:
    """Return whether a finding depends on the calls before it."""
    return bool(finding.features and finding.features.nature == OF_THE_PAST)


def _breadth(finding: Finding) -> int:
    """Return how much a finding has: the least explains the most."""
    return len(finding.features.has) if finding.features else 0


__all__ = ["Smaller", "asked_of"]
