"""One invariant before one kernel: examples, tally and finding."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import hypothesis
from hypothesis import HealthCheck, Phase

from attnspec.judge.bench import Draws, KernelBench
from attnspec.judge.confirmation import Confirmation
from attnspec.judge.drawing import (
    by_seed_alone,
    hashed,
    in_turn,
    interruptible,
    out_of_the_way,
)
from attnspec.judge.examination import Examination, Nulls, compares_wrong, examine
from attnspec.judge.history import FAILS_IN_SEQUENCE, LONGEST, History
from attnspec.judge.known import KnownFailures
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.tally import Tally
from attnspec.judge.tiers import Tier
from attnspec.judge.verdicts import Finding, Outcome, Verdict

_HELD = "what it compares is wrong by itself"
"""Why a law is held back."""

_TURNS = 8
"""How often examples are drawn anew, as long as they do not tell enough."""


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
        return self._since(start, self._conclusion(self._look()))

    def run_unless(self, is_open: Callable[[], bool]) -> Outcome | None:
        """Return the outcome, or None if it is open once the examples are seen."""
        start = time.perf_counter()
        stale = self._look()
        return None if is_open() else self._since(start, self._conclusion(stale))

    def _since(self, start: float, outcome: Outcome) -> Outcome:
        """Return an outcome with the seconds that it took."""
        return dataclasses.replace(outcome, seconds=time.perf_counter() - start)

    def depends_on_others(self) -> bool:
        """Return whether the outcome depends on what else is found in the run.

        That says of a failing law whether it says something of its own, and which
        mistake it shows; nothing else depends on it.
        """
        tally = self.tally
        if tally.failure is not None:
            return tally.failure[1].verdict is not Verdict.TIMED_OUT
        return tally.held is not None

    def _look(self) -> str:
        """Look at all examples, and return what is said of stale deviations."""
        stale = self.known.look()
        self.bench.reached.clear()
        self._pinned()
        for turn in range(_TURNS):
            if self.tally.failure is None and (turn == 0 or self._wanting()):
                self._drawn(turn)
        return stale

    def is_relative(self) -> bool:
        """Return whether all calls that an example compares are wrong by themselves.

        Then it depends on the laws before whether this one is held back.
        """
        if self.brief or self.invariant.of_history:
            return False
        failure = self.tally.failure
        if failure is None or failure[1].comparison is None:
            return self.tally.held is not None
        # The failing example is the last one that was examined.
        return compares_wrong(self.bench)

    def _pinned(self) -> None:
        outright, pinned = self.draws.outright, self._share(self.tier.pinned)
        # What is tried outright takes the place of others, but not of most of them.
        count = max(pinned - len(outright), pinned // 2)
        # The small ones first: what fails in one of them is soon made smaller.
        for recipe in (*in_turn(self.draws)[:count], *outright):
            self.see(recipe)
            if self.tally.failure is not None:
                return

    def _share(self, count: int) -> int:
        """Return how many of so many examples the invariant looks at."""
        return -(-count // self.invariant.one_in)

    def _wanting(self) -> bool:
        """Return whether the examples so far are too few, or tell too little."""
        untold = self.nulls is not None and bool(self.nulls.remaining)
        return untold or self.tally.counted < self.tier.floor

    def _drawn(self, turn: int) -> None:
        settings = hypothesis.settings(
            max_examples=self._share(self.tier.drawn),
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

        with out_of_the_way(), by_seed_alone(), interruptible():
            draw()

    def see(self, recipe: Recipe) -> float:
        """Examine one example, and return the largest error in units of the bound.

        Unlike draws may come to one recipe, which tells nothing more the next time.
        """
        ratios = self.tally.ratios
        if recipe not in ratios:
            ratios[recipe] = self._seen(recipe)
        return ratios[recipe]

    def _seen(self, recipe: Recipe) -> float:
        """Examine an example that is new, and keep the tally."""
        self.tick()
        found = examine(self.invariant, recipe, self.bench, self.nulls)
        tally = self.tally
        if found.verdict in FAILS_IN_SEQUENCE and not self._is_cause(recipe):
            found = dataclasses.replace(found, verdict=Verdict.HELD_BACK)
        if found.verdict is not None and self.known.cover(recipe):
            tally.deviating += 1
        elif found.verdict is Verdict.HELD_BACK:
            tally.held = tally.held or (recipe, found)
        elif found.verdict is not None:
            tally.failure = recipe, found
        elif found.inadmissible:
            tally.inadmissible += 1
            tally.never = found.inadmissible if found.never else tally.never
            tally.unjudged = found.inadmissible
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
            finding = self._confirmed(*tally.failure)
            return self._outcome(verdict, reason=reason, finding=finding)
        if stale:
            return self._outcome(Verdict.STALE, reason=stale)
        if tally.held is not None:
            finding = self._confirmed(*tally.held)
            return self._outcome(Verdict.HELD_BACK, reason=_HELD, finding=finding)
        return self._nothing_found()

    def _nothing_found(self) -> Outcome:
        """Return the outcome of examples that are right, as far as they tell."""
        tally = self.tally
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
        seen = "; ".join(filter(None, (seen, tally.unjudged)))
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
            reached=dict(self.bench.reached),
            provisional=self.invariant.provisional,
        )

    def _confirmed(self, recipe: Recipe, found: Examination) -> Finding:
        """Return the finding of an example that fails."""
        confirmation = Confirmation(
            self.invariant,
            self.bench,
            self.draws,
            self.known,
            self.history,
            self.tick,
            self.brief,
        )
        return confirmation.finding(recipe, found, self.tally.past)

    def _is_cause(self, recipe: Recipe) -> bool:
        """Return whether a sequence fails by its past, if that is what is asked."""
        return self.history is None or self.history.is_cause(recipe)


__all__ = ["Trial"]
