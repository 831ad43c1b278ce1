"""What a finding has, what of it the finding needs, and what else accounts for it."""

from __future__ import annotations

import numpy as np

from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.examination import Examination, examine, is_wrong
from attnspec.judge.features import (
    OF_THE_PAST,
    forced,
    is_always_several,
    is_given,
    nature,
    present,
    several,
    size,
    spare_and_needed,
)
from attnspec.judge.history import right_alone
from attnspec.judge.law import Invariant
from attnspec.judge.likeness import Features
from attnspec.judge.recipe import Recipe
from attnspec.judge.smaller import Smaller
from attnspec.judge.verdicts import Finding, Verdict


class Needs:
    """Finds out by experiment what a smallest case of a law needs in order to fail."""

    def __init__(self, law: Invariant, bench: KernelBench, draws: Draws) -> None:
        """Ask of cases of this law, with this kernel."""
        self._law = law
        self._bench = bench
        self._draws = draws

    def features(
        self, recipe: Recipe, found: Examination, smaller: Smaller
    ) -> Features:
        """Return what the case just seen has, and what of it the finding needs.

        `smaller` has found it: where an earlier finding explains a case of its own,
        what it needs is not asked.
        """
        kind, law = self._bench.kind, self._law
        calls = list(self._bench.calls)
        has = present(kind, law, recipe, self._bench.ran, found)
        given = {n for n in has if is_given(kind, law, n)}
        has = {n: v for n, v in has.items() if n not in given}
        if not smaller.same_as and self._is_of_the_past():
            return Features(OF_THE_PAST)
        how = nature(law, found, fleeting=False)
        if smaller.same_as and not smaller.is_moved:
            return Features(how, has)
        spare, needs, signs = spare_and_needed(
            kind, recipe, has, self._draws.fit, self._look
        )
        needs = self._known(needs, has, found)
        signs |= self._signs_of_given(recipe, given)
        spare |= self._untold(has, needs)
        return Features(
            nature=how,
            has={name: n for name, n in has.items() if name not in spare},
            needs=frozenset(needs),
            signs=frozenset(signs),
            marks=frozenset(kind.likeness.signs(kind.case(recipe))),
            forms=frozenset(self._forms(calls, found)),
        )

    def _known(
        self, needs: set[str], has: dict[str, int], found: Examination
    ) -> set[str]:
        """Return what is known to be needed, not what a law has in any case."""
        if found.verdict is Verdict.HELD_BACK:
            return set()  # It was not asked for long.
        kind = self._bench.kind
        plural = set(map(several, kind.likeness.several))
        # The search has tried smaller sizes, and to do without layouts.
        sizes = set(map(size, kind.table.numbers))
        tried = {n for n in has if n in sizes or n.startswith("layout ")}
        free = {n for n in needs | tried if not forced(kind, self._law, n)}
        return free | (needs & plural)

    def _untold(self, has: dict[str, int], needs: set[str]) -> set[str]:
        """Return the sizes of more than one that tell nothing.

        They are not known to be needed, and no case of the law is without: some
        say nothing.
        """
        kind = self._bench.kind
        return {
            name
            for field in kind.likeness.several
            if (name := several(field)) in has
            and name not in needs
            and not is_always_several(kind, self._law, field)
        }

    def _signs_of_given(self, recipe: Recipe, given: set[str]) -> set[str]:
        """Return what accounts for a finding of what its law always gives.

        The law of agreement is asked in its place: it can do without.
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

    def _forms(
        self, calls: list[tuple[Case, Result | None]], found: Examination
    ) -> set[str]:
        """Return the signs of forms that are wrong, too, and right without the sign."""
        if found.verdict is Verdict.HELD_BACK:
            return set()
        forms = self._bench.kind.likeness.forms
        with np.errstate(all="ignore"):  # What comes back may be anything.
            return {
                sign
                for case, result in calls
                if result is not None and is_wrong(case, result, self._bench)
                for sign, same, without in forms(case, self._bench)
                if self._errs(same) and not self._errs(without)
            }

    def _errs(self, case: Case) -> bool:
        """Return whether a call is wrong by itself; not if it is never made."""
        try:
            return is_wrong(case, self._bench.run(case), self._bench)
        except Inadmissible:
            return False
        except KernelFault:
            return True

    def _is_of_the_past(self) -> bool:
        """Return whether calls fail of which each is right when it is alone.

        Of a single call that is asked where the function is known to have a past: the
        smaller cases tried before it may be what it fails by.
        """
        ran = self._bench.ran
        least = 1 if any(map(_depends_on_past, self._bench.findings)) else 2
        if len(ran) < least or not self._bench.call.forgets:
            return False
        return all(right_alone(case, self._bench) for case in ran)

    def _look(self, recipe: Recipe) -> Examination:
        return examine(self._law, recipe, self._bench)


def _depends_on_past(finding: Finding) -> bool:
    """Return whether a finding depends on the calls before it."""
    return bool(finding.features and finding.features.nature == OF_THE_PAST)


__all__ = ["Needs"]
