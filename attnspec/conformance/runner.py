"""Running the invariants against one implementation."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping

from attnspec.exceptions import KernelFault, KernelTimedOut
from attnspec.judge.bench import KernelBench
from attnspec.judge.drawing import hashed
from attnspec.judge.examination import FAULTS, said_before
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.tokens import Token, error_in
from attnspec.judge.told import one_line
from attnspec.judge.trial import Trial
from attnspec.judge.verdicts import Finding, Outcome, Verdict

_PATIENCE = 3
"""After so many time-outs a kernel is not called again: it would take hours."""

Progress = Callable[[str, str], None]


def outcomes(
    benches: Mapping[str, KernelBench],
    invariants: tuple[Invariant, ...],
    *,
    tier: str = "standard",
    seed: int = 0,
    brief: bool = False,
    progress: Progress = lambda _dtype, _invariant: None,
) -> Iterator[Outcome]:
    """Yield the outcome of every invariant in every dtype.

    Parameters
    ----------
    benches
        For each dtype to run in, the bench that the kernel stands on.
    invariants
        The laws, in this order.
    tier, seed
        How much to draw, and from where.
    brief
        Whether only verdicts are wanted: findings are not made small, and examples
        not asked whether they could have told a null answer.
    progress
        Called with dtype and invariant before each example.
    """
    for dtype, bench in benches.items():
        runner = Runner(
            bench,
            dtype,
            invariants,
            tier=tier,
            seed=seed,
            brief=brief,
            progress=progress,
        )
        yield from map(runner.outcome, invariants)


class Runner:
    """Puts a kernel before laws in one dtype, in whatever order they are asked.

    What is said of a law does not depend on which others are asked: those that must
    have spoken before it are asked when they are needed, and each is judged once. Only
    where the simplest call of all fails, it is a law of the request that says so.

    Parameters
    ----------
    bench, dtype
        Where the kernel stands, and in which format.
    wanted
        The laws of the request, all of the kind by default.
    tier, seed, brief, progress
        As `outcomes` has them.
    """

    def __init__(
        self,
        bench: KernelBench,
        dtype: str,
        wanted: tuple[Invariant, ...] = (),
        *,
        tier: str = "standard",
        seed: int = 0,
        brief: bool = False,
        progress: Progress = lambda _dtype, _invariant: None,
    ) -> None:
        """Ask nothing yet."""
        self._bench = bench
        self._dtype = dtype
        self._wanted = wanted or tuple(bench.kind.laws.values())
        self._tier = tier_named(tier)
        self._seed = seed
        self._brief = brief
        self._progress = progress
        self._judged: dict[str, Outcome] = {}
        self._timeouts = 0

    def outcome(self, law: Invariant) -> Outcome:
        """Return what becomes of a law."""
        if reason := self._bench.out_of_scope(law):
            return self._unasked(law, reason, Verdict.UNSUPPORTED)
        if found := self._blocked(law):
            return found
        return self._with_probe(self._asked(law) or self._left_out(law))

    def _asked(self, law: Invariant) -> Outcome | None:
        """Return the outcome of a law that is asked, and None if it is not."""
        if law.id not in self._judged and self._timeouts < _PATIENCE:
            bench, _ = self._held
            if law.id not in self._judged and not bench.out_of_scope(law):
                self._judge(law, bench, functools.partial(self._ask_before, law))
        return self._judged.get(law.id)

    def _left_out(self, law: Invariant) -> Outcome:
        """Return what is said of a law that is not asked, though it could be."""
        bench, reason = self._held
        if not bench.out_of_scope(law):
            reason = "the kernel timed out three times"
        return self._unasked(law, reason)

    def _unasked(
        self, law: Invariant, reason: str, verdict: Verdict = Verdict.NOT_RUN
    ) -> Outcome:
        return Outcome(law.id, self._dtype, verdict, reason=reason)

    def _judge(
        self,
        law: Invariant,
        bench: KernelBench,
        ask_before: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Judge the kernel by a law on this bench, and remember the outcome."""
        draws = bench.draws(
            law, self._dtype, self._tier.name, hashed(self._seed, law.id)
        )
        tick = functools.partial(self._progress, self._dtype, law.id)
        trial = Trial(law, bench, draws, self._tier, tick, brief=self._brief)
        found = trial.run(ask_before)
        self._judged[law.id] = found
        self._timeouts += found.verdict is Verdict.TIMED_OUT
        return found

    def _ask_before(self, law: Invariant) -> bool:
        """Ask the laws before this one that can say why all its calls are wrong.

        One that says so is enough, but for those that are about the same options: what
        they find is no reason to hold this law back. Return whether any was asked.
        """
        laws, about = self._bench.kind.laws, law.needs | law.any_of
        known = len(self._judged)
        for earlier in laws.values():
            if earlier is law:
                break
            told = said_before(law, self._bench, self._dtype)
            if not told or about & (earlier.needs | earlier.any_of):
                self._asked(earlier)
        return len(self._judged) > known

    @functools.cached_property
    def _held(self) -> tuple[KernelBench, str]:
        """The bench without the options of which no choice fits, and why.

        A law that tells of the choice is asked first. If it fails, the others are
        asked without these options: whatever they said would be said by a choice that
        the kernel does not make.
        """
        bench, reasons, kind = self._bench, [], self._bench.kind
        for field in self._bench.fits_none:
            if (teller := self._teller(field)) is not None:
                bench = bench.without(kind.choice_needs.get(field, ()))
                nearest = f"the nearest is {bench.dialect[field]}"
                reasons.append(
                    f"no choice of {field} fits ({nearest}); {teller.id} says how"
                )
        return bench, "; ".join(reasons)

    def _teller(self, field: str) -> Invariant | None:
        """Return a law that says what is wrong with a field, if one does.

        It is asked before all others, and waits for none.
        """
        kind = self._bench.kind
        for law in map(kind.laws.__getitem__, kind.tellers.get(field, ())):
            if not self._bench.out_of_scope(law):
                known = self._judged.get(law.id) or self._judge(law, self._bench)
                if known.verdict in FAULTS.values():
                    return law
        return None

    def _with_probe(self, outcome: Outcome) -> Outcome:
        """Return an outcome with what a probe of the dialect met, said once."""
        fault, self._bench.probe_fault = self._bench.probe_fault, None
        if fault is None or not outcome.conforms:
            return outcome
        self._timeouts += isinstance(fault, KernelTimedOut)
        reason = f"a probe of the dialect {fault}"
        return dataclasses.replace(outcome, verdict=FAULTS[type(fault)], reason=reason)

    def _blocked(self, law: Invariant) -> Outcome | None:
        """Return what is said of a law where the simplest call of all does not work.

        The law of the result's form is asked in any case, because it says what is
        wrong. Where it is not wanted, or every call takes its deadline, the first law
        that can be asked says it.
        """
        fault = self._bench.preflight(self._dtype)
        hangs = isinstance(fault, KernelTimedOut)
        if fault is None or (law.is_form and not hangs):
            return None
        teller = self._first(is_form=not hangs)
        if law is teller:
            return self._simplest_fails(law, fault)
        said = one_line(str(fault))
        return self._unasked(
            law, f"the simplest call fails: {said}; {teller.id} says how"
        )

    def _first(self, *, is_form: bool) -> Invariant:
        """Return the first law that can be asked, one of the form if that is wanted."""
        asked = [law for law in self._wanted if not self._bench.out_of_scope(law)]
        return next((law for law in asked if is_form and law.is_form), asked[0])

    def _simplest_fails(self, law: Invariant, fault: KernelFault) -> Outcome:
        """Return the outcome of the law that says that the simplest call fails."""
        recipe, message = self._bench.simplest(self._dtype), str(fault)
        verdict, kind = FAULTS[type(fault)], self._bench.kind
        # The law of the form can be asked of the simplest case; this one may not.
        form = next(each for each in kind.laws.values() if each.is_form)
        error = error_in(verdict, message)
        token = Token(kind, form, recipe, verdict=verdict, error=error)
        finding = Finding(law.id, recipe, message, str(token))
        return Outcome(law.id, self._dtype, verdict, finding=finding)


__all__ = ["Runner", "outcomes"]
