"""What is known to fail: the deviations that a law meets in one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from attnspec.judge.bench import KernelBench
from attnspec.judge.deviations import Deviation
from attnspec.judge.examination import examine
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe


class KnownFailures:
    """The deviations that bear on a law in a format: which are real, and what they are.

    One is real where its pinned case, or a further one, fails this law in this run.
    """

    def __init__(self, law: Invariant, bench: KernelBench, dtype: str) -> None:
        """Ask nothing yet: `look` does."""
        self._law = law
        self._bench = bench
        self._dtype = dtype
        self._today = dt.datetime.now(tz=dt.UTC).date()
        self.met: dict[str, int] = {}
        """For each that is real, how many failures it has covered."""

    def look(self) -> str:
        """Put the pinned cases before the law, and return what is said of stale ones.

        A deviation is stale where its pinned case passes the first of its invariants
        that is in scope; that is said once in a format.
        """
        said = []
        for deviation in self._bench.description.deviations:
            bears = self._law.id in deviation.invariants
            if not bears or deviation.expired(self._today):
                continue
            kind, scope = self._bench.kind, self._bench.capabilities
            beyond = kind.table.beyond(deviation.pinned, scope)
            if beyond or not deviation.is_about(self._dtype, kind):
                continue
            if self._is_real(deviation, self._law, deviation.cases):
                self.met[deviation.id] = 0
                self._bench.deviating[deviation.id] = deviation
            if (
                self._bench.looked_at.setdefault(deviation.id, self._law.id)
                == self._law.id
            ):
                first = self._first(deviation)
                if not self._is_real(deviation, first, (deviation.pinned,)):
                    said.append(f"deviation {deviation.id!r}: its pinned case passes")
        return "; ".join(said)

    def _first(self, deviation: Deviation) -> Invariant:
        """Return the first invariant of a deviation that is in scope."""
        laws = (self._bench.kind.laws[name] for name in deviation.invariants)
        return next(law for law in laws if not self._bench.out_of_scope(law))

    def _is_real(
        self, deviation: Deviation, law: Invariant, recipes: Iterable[Recipe]
    ) -> bool:
        """Return whether one of these cases fails a law as the deviation says."""
        for recipe in recipes:
            here = recipe.replace(dtype=self._dtype)
            if self._bench.kind.table.beyond(here, self._bench.capabilities):
                continue
            failed = examine(law, here, self._bench).verdict is not None
            if failed and self._covering(law, here, (deviation,)):
                return True
        return False

    def _covering(
        self, law: Invariant, recipe: Recipe, known: Iterable[Deviation]
    ) -> Deviation | None:
        """Return the deviation that the failure of the example just examined is."""
        kind = self._bench.kind
        cases = (kind.case(recipe), *self._bench.ran)
        for deviation in known:
            if deviation.covers(law.id, map(kind.traits, cases)):
                return deviation
        return None

    def cover(self, recipe: Recipe) -> bool:
        """Return whether the failure of the example just examined is a deviation."""
        known = self._bench.description.deviations
        real = (deviation for deviation in known if deviation.id in self.met)
        deviation = self._covering(self._law, recipe, real)
        if deviation is not None:
            self.met[deviation.id] += 1
        return deviation is not None

    def why_not(self, recipe: Recipe) -> str:
        """Return why a deviation does not cover the failure that it names, if so."""
        known = self._bench.description.deviations
        deviation = self._covering(self._law, recipe, known)
        if deviation is None:
            return ""
        if deviation.expired(self._today):
            return f"deviation {deviation.id!r} expired on {deviation.expires}"
        where = f"{self._law.id} in {self._dtype}"
        return f"deviation {deviation.id!r}: its pinned case passes {where}"


__all__ = ["KnownFailures"]
