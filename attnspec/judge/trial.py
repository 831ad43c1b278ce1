"""One invariant before one kernel: examples, tally and finding."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator

import hypothesis
from hypothesis import HealthCheck, Phase

from attnspec.exceptions import InvalidArgument
from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.drawing import hashed, in_turn, interruptible, out_of_the_way
from attnspec.judge.examination import Examination, Nulls, examine, relaxation
from attnspec.judge.history import (
    FAILS_IN_SEQUENCE,
    LONGEST,
    History,
    needed_before,
)
from attnspec.judge.known import KnownFailures
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.shrink import shrink
from attnspec.judge.tiers import Tier
from attnspec.judge.tokens import Token, error_in
from attnspec.judge.verdicts import Finding, Outcome, Verdict

_NOT_AGAIN = "not seen again in a fresh process"
"""What is added to a finding that no sequence of the examples before it repeats."""

_TURNS = 8
"""How often examples are drawn anew, as long as they do not tell enough."""


@dataclasses.dataclass(slots=True)
class Tally:
    """What one invariant has seen so far."""

    counted: int = 0
    weak: int = 0
    inadmissible: int = 0
    never: str = ""
    """Why an example is never asked of this function, if one is not."""
    deviating: int = 0
    ratio: float = 0.0
    past: list[Recipe] = dataclasses.field(default_factory=list)
    failure: tuple[Recipe, Examination] | None = None


class Trial:
    """One invariant before one kernel, in one dtype."""

    def __init__(
        self,
        invariant: Invariant,
        bench: KernelBench,
        draws: Draws,
        tier: Tier,
        tick: Callable[[], None],
        *,
        brief: bool = False,
    ) -> None:
        """Prepare the trial; a brief one neither shrinks nor weighs what it finds."""
        self.invariant = invariant
        self.bench = bench
        self.draws = draws
        self.tier = tier
        self.tick = tick
        self.brief = brief
        self.tally = Tally()
        self.history = History(invariant, bench) if invariant.of_history else None
        self.nulls = None if brief else Nulls(invariant, bench)
        self.known = KnownFailures(invariant, bench, draws.dtype)

    def run(self) -> Outcome:
        """Return the outcome of all examples."""
        start = time.perf_counter()
        stale = self.known.look()
        self._pinned()
        for turn in range(_TURNS):
            if self.tally.failure is None and (turn == 0 or self._wanting()):
                self._drawn(turn)
        outcome = self._conclusion(stale)
        return dataclasses.replace(outcome, seconds=time.perf_counter() - start)

    def _pinned(self) -> None:
        for recipe in in_turn(self.draws)[: self.tier.pinned]:
            self.see(recipe)
            if self.tally.failure is not None:
                return

    def _wanting(self) -> bool:
        """Return whether the examples so far are too few, or tell too little."""
        untold = self.nulls is not None and bool(self.nulls.remaining)
        return untold or self.tally.counted < self.tier.floor

    def _drawn(self, turn: int) -> None:
        settings = hypothesis.settings(
            max_examples=self.tier.drawn,
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.target),
            suppress_health_check=tuple(HealthCheck),
        )

        turns = f"/{turn}" if turn else ""

        @hypothesis.seed(hashed(self.draws.seed, self.invariant.id + turns))
        @settings
        @hypothesis.given(self.draws.strategy)
        def draw(recipe: Recipe) -> None:
            if self.tally.failure is None:
                ratio = self.see(recipe)
                hypothesis.target(min(ratio, 2.0), label="error / bound")

        with out_of_the_way(), interruptible():
            draw()

    def see(self, recipe: Recipe) -> float:
        """Examine one example, and return the largest error in units of the bound."""
        self.tick()
        found = examine(self.invariant, recipe, self.bench, self.nulls)
        tally = self.tally
        if self.history is not None and found.verdict in FAILS_IN_SEQUENCE:
            found = found if self.history.is_cause(recipe) else Examination(weak=True)
        if found.verdict is not None and self.known.cover(recipe):
            tally.deviating += 1
        elif found.verdict is not None:
            tally.failure = recipe, found
        elif found.inadmissible:
            tally.inadmissible += 1
            tally.never = found.inadmissible if found.never else tally.never
        elif found.weak:
            tally.weak += 1
        else:
            tally.counted += 1
        if found.verdict is None:
            tally.ratio = max(tally.ratio, found.ratio)
        tally.past = [*tally.past, recipe][-LONGEST - 1 :]
        return found.ratio

    def _conclusion(self, stale: str) -> Outcome:
        tally = self.tally
        if tally.failure is not None:
            verdict = tally.failure[1].verdict or Verdict.FAILED
            reason = self.known.why_not(tally.failure[0]) or stale
            finding = self._finding(*tally.failure)
            return self._outcome(verdict, reason=reason, finding=finding)
        if stale:
            return self._outcome(Verdict.STALE, reason=stale)
        if tally.counted < self.tier.floor:
            return self._too_few()
        if self.nulls is not None and self.nulls.remaining:
            names = ", ".join(self.nulls.remaining)
            reason = f"no example told the kernel from a null answer: {names}"
            return self._outcome(Verdict.MISTRUSTED, reason=reason)
        return self._outcome(Verdict.DEVIATION if self.known.met else Verdict.PASSED)

    def _too_few(self) -> Outcome:
        """Return what is said where too few examples counted."""
        tally = self.tally
        if tally.never and not tally.counted:
            return self._outcome(Verdict.UNSUPPORTED, reason=tally.never)
        seen = f"{tally.counted} of at least {self.tier.floor} examples counted"
        if tally.counted + tally.deviating >= self.tier.floor:
            return self._outcome(Verdict.DEVIATION, reason=seen)
        return self._outcome(Verdict.MISTRUSTED, reason=seen)

    def _outcome(
        self, verdict: Verdict, reason: str = "", finding: Finding | None = None
    ) -> Outcome:
        tally = self.tally
        return Outcome(
            invariant=self.invariant.id,
            dtype=self.draws.dtype,
            verdict=verdict,
            counted=tally.counted,
            weak=tally.weak,
            inadmissible=tally.inadmissible,
            deviating=tally.deviating,
            ratio=tally.ratio,
            reason=reason,
            finding=finding,
            deviations=tuple(self.known.met),
            provisional=self.invariant.provisional,
        )

    def _finding(self, recipe: Recipe, found: Examination) -> Finding:
        """Return a finding, shrunk, confirmed and explained."""
        fails = self._fails_like(found)
        before: tuple[Recipe, ...] = ()
        self.bench.call.restart()
        first = recipe
        kind, law = self.bench.kind, self.invariant
        verdict = found.verdict or Verdict.FAILED
        if self.brief:
            error = error_in(verdict, found.message)
            token = Token(kind, law, recipe, verdict=verdict, error=error)
            return Finding(recipe, found.message, str(token), found.comparison)
        if found.verdict is Verdict.TIMED_OUT:
            pass  # To see it again would take its time again.
        elif fails(recipe):
            attempts = 30 if found.verdict is Verdict.CRASHED else 200
            recipe = self._shrunk(recipe, fails, attempts)
            if self.history is not None and not self.history.remains_cause(recipe):
                recipe = first
            again = examine(law, recipe, self.bench)
            found = again if again.verdict == found.verdict else found
        elif not (before := needed_before(law, self.tally.past, self.bench, fails)):
            message = f"{found.message}; {_NOT_AGAIN}"
            found = dataclasses.replace(found, message=message)
        explicable = found.comparison is not None and not before
        words = relaxation(law, (first, recipe), self.bench) if explicable else ""
        error = error_in(verdict, found.message)
        token = Token(kind, law, recipe, before, words, verdict, error)
        return Finding(
            recipe=recipe,
            message=found.message,
            token=str(token),
            comparison=found.comparison,
            relaxation=words,
            before=before,
        )

    def _fails_like(self, found: Examination) -> Callable[[Recipe], bool]:
        def fails(recipe: Recipe) -> bool:
            self.tick()
            again = examine(self.invariant, recipe, self.bench)
            return again.verdict == found.verdict and not self.known.cover(recipe)

        return fails

    def _shrunk(
        self, recipe: Recipe, fails: Callable[[Recipe], bool], attempts: int
    ) -> Recipe:
        """Return the smallest recipe that fails; one that cannot be is passed over."""

        def candidates(failing: Recipe) -> Iterator[Recipe]:
            for candidate in self.bench.kind.table.simpler(failing):
                with contextlib.suppress(InvalidArgument):
                    yield self.draws.fit(candidate)

        weight = self.bench.kind.table.weight
        return shrink(
            recipe, fails, candidates, weight, attempts=attempts, seconds=15.0
        )


__all__ = ["Tally", "Trial"]
