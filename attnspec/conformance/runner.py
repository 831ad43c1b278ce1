"""Running the invariants against one implementation."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attnspec.conformance.facing import call_in_words
from attnspec.conformance.units import (
    Answer,
    Here,
    Source,
    Spreading,
    Unit,
    here_alone,
)
from attnspec.exceptions import KernelFault, KernelTimedOut
from attnspec.judge.bench import KernelBench
from attnspec.judge.examination import FAULTS, said_before
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.tokens import Token, error_in
from attnspec.judge.told import one_line
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
    spreading: Spreading = here_alone,
) -> Iterator[Outcome]:
    """Yield the outcome of every invariant in every dtype, in this order.

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
        Called with dtype and invariant before each example that is judged here.
    spreading
        Makes a source of what becomes of a unit of one that judges it here.
    """
    source = spreading(Here(next(iter(benches.values())).call, progress))
    runners = [
        Runner(
            bench, dtype, invariants, source=source, tier=tier, seed=seed, brief=brief
        )
        for dtype, bench in benches.items()
    ]
    source.expect([unit for each in runners for unit in each.expected()])
    for runner in runners:
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
    source
        Who says what becomes of a unit; by default it is judged here.
    tier, seed, brief
        As `outcomes` has them.
    """

    def __init__(
        self,
        bench: KernelBench,
        dtype: str,
        wanted: tuple[Invariant, ...] = (),
        *,
        source: Source | None = None,
        tier: str = "standard",
        seed: int = 0,
        brief: bool = False,
    ) -> None:
        """Ask nothing yet."""
        self._bench = bench
        self._dtype = dtype
        self._source = source or Here(bench.call)
        self._wanted = wanted or tuple(bench.kind.laws.values())
        self._wishes: dict[str, Any] = {
            "tier": tier_named(tier).name,
            "seed": seed,
            "brief": brief,
        }
        self._judged: dict[str, Outcome] = {}
        self._timeouts = 0

    def expected(self) -> Iterator[Unit]:
        """Yield the units that will be asked for, as far as that can be known now."""
        looked_at: set[str] = set()
        for law in () if self._bench.fits_none else self._wanted:
            if not (self._bench.out_of_scope(law) or self._blocked(law)):
                yield self._unit(law, self._bench, looked_at)
                looked_at |= _named_by(law, self._bench)

    def _unit(
        self, law: Invariant, bench: KernelBench, looked_at: Iterable[str]
    ) -> Unit:
        """Return the unit of a law, with nothing found yet."""
        known = bench.description, bench.dialect
        past = frozenset(looked_at)
        return Unit(law.id, self._dtype, *known, looked_at=past, **self._wishes)

    def outcome(self, law: Invariant) -> Outcome:
        """Return what becomes of a law; a finding says the call as its face does."""
        found = self._outcome(law)
        if found.finding is None or found.finding.call:
            return found
        call = call_in_words(self._bench.description, found.finding.recipe)
        finding = dataclasses.replace(found.finding, call=call)
        return dataclasses.replace(found, finding=finding)

    def _outcome(self, law: Invariant) -> Outcome:
        if reason := self._bench.out_of_scope(law):
            return self._unasked(law, reason, Verdict.UNSUPPORTED)
        if found := self._blocked(law):
            return found
        return self._with_probe(self._asked(law) or self._left_out(law))

    def _asked(self, law: Invariant) -> Outcome | None:
        """Return the outcome of a law that is asked, and None if it is not."""
        bench, _ = self._held
        if self._is_open(law):
            self._judge(law, bench)
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
        self, law: Invariant, bench: KernelBench, *, is_settled: bool = False
    ) -> Outcome:
        """Judge the kernel by a law on this bench, and remember the outcome."""
        answer = self._answer(law, bench, is_settled=is_settled)
        if answer is None:
            self._ask_before(law)
            return self._judge(law, bench, is_settled=True)
        found = answer.outcome
        self._judged[law.id] = found
        self._timeouts += found.verdict is Verdict.TIMED_OUT
        if self._timeouts >= _PATIENCE:
            self._source.drop(self._dtype)
        self._keep(law, bench, answer)
        return found

    def _answer(
        self, law: Invariant, bench: KernelBench, *, is_settled: bool
    ) -> Answer | None:
        """Return what becomes of a law; None if laws before it must speak first."""
        looked_at = (name for name, by in bench.looked_at.items() if by != law.id)
        unit = dataclasses.replace(
            self._unit(law, bench, looked_at),
            findings=tuple(bench.findings),
            is_settled=is_settled or not any(self._could_speak_before(law)),
        )
        return self._source.ask(unit)

    def _keep(self, law: Invariant, bench: KernelBench, answer: Answer) -> None:
        """Keep what the outcome of a law tells the others."""
        found = answer.outcome
        bench.evidence.part(answer.calls)
        if found.finding is not None and not found.held_back:
            bench.findings.append(found.finding)
        for each in bench.description.deviations:
            if each.id in found.deviations:
                bench.deviating[each.id] = each
            if law.id in each.invariants:
                bench.looked_at.setdefault(each.id, law.id)

    def _ask_before(self, law: Invariant) -> None:
        """Ask the laws before this one that can say why all its calls are wrong."""
        for earlier in self._could_speak_before(law):
            self._asked(earlier)

    def _could_speak_before(self, law: Invariant) -> Iterator[Invariant]:
        """Yield laws before this one that are not asked yet.

        One that says so is enough, but for those that are about the same options: what
        they find is no reason to hold this law back.
        """
        laws, about = self._bench.kind.laws, law.needs | law.any_of
        for earlier in itertools.takewhile(lambda each: each is not law, laws.values()):
            told = said_before(law, self._bench, self._dtype)
            wanted = not told or about & (earlier.needs | earlier.any_of)
            if wanted and self._is_open(earlier):
                yield earlier

    def _is_open(self, law: Invariant) -> bool:
        """Return whether a law can be asked, and is not asked yet."""
        bench, _ = self._held
        known = law.id in self._judged or self._timeouts >= _PATIENCE
        return not (known or bench.out_of_scope(law))

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
                known = self._judged.get(law.id) or self._judge(
                    law, self._bench, is_settled=True
                )
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
        manner = self._bench.description.manner
        token = Token(kind, form, recipe, verdict=verdict, error=error, manner=manner)
        finding = Finding(law.id, recipe, message, str(token))
        return Outcome(law.id, self._dtype, verdict, finding=finding)


def _named_by(law: Invariant, bench: KernelBench) -> set[str]:
    """Return the deviations that name a law."""
    known = bench.description.deviations
    return {each.id for each in known if law.id in each.invariants}


__all__ = ["Runner", "outcomes"]
