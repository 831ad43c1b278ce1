"""From an example that fails to a finding: confirmed, small, and with what it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.examination import Examination, examine
from attnspec.judge.features import OF_THE_PAST
from attnspec.judge.history import FAILS_IN_SEQUENCE, History, needed_before
from attnspec.judge.known import KnownFailures
from attnspec.judge.law import Invariant
from attnspec.judge.likeness import Features
from attnspec.judge.needs import Needs
from attnspec.judge.recipe import Recipe
from attnspec.judge.smaller import Smaller
from attnspec.judge.tokens import Token, error_in
from attnspec.judge.verdicts import Finding, Verdict

_NOT_AGAIN = "not seen again in a fresh process"
"""What is added to a finding that no sequence of the examples before it repeats."""


@dataclasses.dataclass(frozen=True, eq=False)
class Confirmation:
    """Asks again of an example that fails, first as it is and then of smaller ones.

    Parameters
    ----------
    law, bench, draws
        The law, the kernel, and how examples of the law are drawn.
    known
        The failures that are known already: no finding is shrunk into one.
    history
        What a law of sequences knows of its past, if it is one.
    tick
        Is called before each example.
    brief
        Whether the example is told as it is.
    """

    law: Invariant
    bench: KernelBench
    draws: Draws
    known: KnownFailures
    history: History | None
    tick: Callable[[], None]
    brief: bool

    def finding(
        self, recipe: Recipe, found: Examination, past: Sequence[Recipe]
    ) -> Finding:
        """Return the finding of a failing example, given the examples before it."""
        law, bench = self.law, self.bench
        smaller = Smaller(law, bench, self.draws, self._fails_like(found))
        before: tuple[Recipe, ...] = ()
        features: Features | None = None
        if not self.brief:
            bench.call.restart()
        # To see what timed out again would take its time again.
        if not self.brief and found.verdict is not Verdict.TIMED_OUT:
            if smaller.fails(recipe):
                recipe, found = self._smallest(recipe, found, smaller)
                needs = Needs(law, bench, self.draws)
                features = needs.features(recipe, found, smaller)
            else:
                before = needed_before(law, past, bench, smaller.fails)
                features = Features(OF_THE_PAST)
                if not before:
                    message = f"{found.message}; {_NOT_AGAIN}"
                    found = dataclasses.replace(found, message=message)
        finding = Finding(
            invariant=law.id,
            recipe=recipe,
            message=found.message,
            token=str(self._token(recipe, found, before)),
            comparison=found.comparison,
            before=before,
            features=features,
            same_as=smaller.same_as,
        )
        if found.verdict is not Verdict.HELD_BACK:
            bench.findings.append(finding)
        return finding

    def _token(
        self, recipe: Recipe, found: Examination, before: tuple[Recipe, ...]
    ) -> Token:
        """Return what says a finding in a line."""
        held = found.verdict is Verdict.HELD_BACK and self.history is None
        # By itself, as in a replay, such a law fails: nothing else is known there.
        verdict = Verdict.FAILED if held else found.verdict or Verdict.FAILED
        error = error_in(verdict, found.message)
        bench = self.bench
        manner = bench.description.manner
        return Token(
            bench.kind, self.law, recipe, before, verdict, error, manner=manner
        )

    def _smallest(
        self, recipe: Recipe, found: Examination, smaller: Smaller
    ) -> tuple[Recipe, Examination]:
        """Return the smallest recipe that fails in the same way."""
        small = smaller.than(recipe, found)
        if found.verdict is not Verdict.HELD_BACK and not self._remains_cause(small):
            return recipe, found
        again = examine(self.law, small, self.bench)
        return (small, again) if again.verdict == found.verdict else (small, found)

    def _remains_cause(self, recipe: Recipe) -> bool:
        """Return whether a smaller sequence still fails by its past."""
        return self.history is None or self.history.remains_cause(recipe)

    def _fails_like(self, found: Examination) -> Callable[[Recipe], bool]:
        """Return what says whether another example fails in the same way."""
        alike = {found.verdict}
        if self.history is not None and found.verdict is Verdict.HELD_BACK:
            alike |= set(FAILS_IN_SEQUENCE)

        def fails(recipe: Recipe) -> bool:
            self.tick()
            again = examine(self.law, recipe, self.bench)
            return again.verdict in alike and not self.known.cover(recipe)

        return fails


__all__ = ["Confirmation"]
