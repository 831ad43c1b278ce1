"""Running the invariants against one implementation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attnspec.conformance.units import Here, Source, Spreading, Unit, here_alone
from attnspec.exceptions import KernelTimedOut
from attnspec.judge.bench import KernelBench
from attnspec.judge.examination import FAULTS
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.tokens import Token, error_in
from attnspec.judge.told import one_line
from attnspec.judge.verdicts import Finding, Outcome, Verdict

_PATIENCE = 3
"""After so many time-outs a kernel is not called again: it would take hours."""


def outcomes(
    benches: Mapping[str, KernelBench],
    invariants: tuple[Invariant, ...],
    *,
    tier: str = "standard",
    seed: int = 0,
    brief: bool = False,
    progress: Callable[[str, str], None] = lambda _dtype, _invariant: None,
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
    wishes = {"tier": tier_named(tier).name, "seed": seed, "brief": brief}
    call = next(iter(benches.values())).call
    source = spreading(Here(call, progress))
    columns = [
        _Column(bench, dtype, invariants, source, wishes)
        for dtype, bench in benches.items()
    ]
    source.expect([unit for column in columns for unit in column.expected()])
    for column in columns:
        yield from column.outcomes()


class _Column:
    """The laws in one dtype, in their order: what looks across them is done here."""

    def __init__(
        self,
        bench: KernelBench,
        dtype: str,
        laws: Sequence[Invariant],
        source: Source,
        wishes: Mapping[str, Any],
    ) -> None:
        """Ask a source for what becomes of each law; try the simplest call first."""
        self._bench = bench
        self._dtype = dtype
        self._laws = laws
        self._source = source
        self._wishes = wishes
        self._asked = [law for law in laws if not bench.out_of_scope(law)]
        self._blocked = _Blocked(bench, dtype, self._asked)

    def expected(self) -> Iterator[Unit]:
        """Yield the units that will be asked for, as far as that can be known now."""
        looked_at: set[str] = set()
        for law in self._asked:
            if not (self._bench.fits_none or self._blocked.outcome(law)):
                yield self._unit(law, self._bench, looked_at)
                looked_at |= _named_by(law, self._bench)

    def _unit(
        self, law: Invariant, bench: KernelBench, looked_at: Iterable[str]
    ) -> Unit:
        """Return the unit of a law, with nothing found yet."""
        known = bench.description, bench.dialect
        past = frozenset(looked_at)
        return Unit(law.id, self._dtype, *known, looked_at=past, **self._wishes)

    def _judged(self, law: Invariant, bench: KernelBench) -> Outcome:
        """Return what becomes of a law, and keep what it tells the others."""
        unit = self._unit(law, bench, bench.looked_at)
        findings = tuple(bench.findings)
        answer = self._source.ask(dataclasses.replace(unit, findings=findings))
        bench.evidence.part(answer.calls)
        bench.looked_at |= _named_by(law, bench)
        outcome = answer.outcome
        if outcome.finding is not None and not outcome.held_back:
            bench.findings.append(outcome.finding)
        return outcome

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of each law."""
        bench, dtype = self._bench, self._dtype
        timeouts = 0
        held = _Held(bench, dtype, self._asked, self._judged)
        for law in self._laws:
            if law not in self._asked:
                reason = bench.out_of_scope(law)
                yield Outcome(law.id, dtype, Verdict.UNSUPPORTED, reason=reason)
            elif found := self._blocked.outcome(law):
                yield found
            elif timeouts >= _PATIENCE:
                reason = "the kernel timed out three times"
                yield Outcome(law.id, dtype, Verdict.NOT_RUN, reason=reason)
            else:
                outcome = held.outcome(law) or self._judged(law, held.bench)
                outcome = _with_probe(bench, outcome)
                timeouts += outcome.verdict is Verdict.TIMED_OUT
                if timeouts == _PATIENCE:
                    self._source.drop(dtype)
                yield outcome


def _named_by(law: Invariant, bench: KernelBench) -> set[str]:
    """Return the deviations that name a law."""
    known = bench.description.deviations
    return {each.id for each in known if law.id in each.invariants}


def _with_probe(bench: KernelBench, outcome: Outcome) -> Outcome:
    """Return the outcome of a law with what a probe of the dialect met, said once."""
    fault, bench.probe_fault = bench.probe_fault, None
    if fault is None or not outcome.conforms:
        return outcome
    reason = f"a probe of the dialect {fault}"
    return dataclasses.replace(outcome, verdict=FAULTS[type(fault)], reason=reason)


class _Held:
    """What is held back where a function makes no choice in a field of its dialect.

    A law that tells of the field is asked first. If it fails, the others are asked
    without the options that the choice is about: whatever they said would be said by
    a choice that the function does not make.
    """

    def __init__(
        self,
        bench: KernelBench,
        dtype: str,
        asked: Sequence[Invariant],
        judged: Callable[[Invariant, KernelBench], Outcome],
    ) -> None:
        """Ask the tellers, if there is something that they must tell."""
        self.bench = bench
        self._dtype = dtype
        self._told: dict[str, Outcome] = {}
        self._reason = ""
        for field in bench.fits_none:
            for law in asked:
                if law.id in bench.kind.tellers.get(field, ()) and not self._reason:
                    known = bench.told.get((dtype, law.id)) or judged(law, bench)
                    bench.told[dtype, law.id] = self._told[law.id] = known
                    self._hold(field, known)

    def _hold(self, field: str, told: Outcome) -> None:
        """Hold back the options of a field, if a law says what is wrong with them."""
        if told.verdict not in FAULTS.values():
            return
        kind, choice = self.bench.kind, self.bench.dialect[field]
        self.bench = self.bench.without(kind.choice_needs.get(field, ()))
        self._reason = (
            f"no choice of {field} fits (the nearest is {choice}); "
            f"{told.invariant} says how"
        )

    def outcome(self, law: Invariant) -> Outcome | None:
        """Return what is known of a law without asking it, or None."""
        if law.id in self._told:
            return self._told[law.id]
        if self._reason and self.bench.out_of_scope(law):
            reason = self._reason
            return Outcome(law.id, self._dtype, Verdict.NOT_RUN, reason=reason)
        return None


class _Blocked:
    """What is said of laws where the simplest call of all does not work.

    The law of the result's form is asked in any case, because it says what is wrong.
    Where it is not asked, or every call takes its deadline, the first law says it.
    """

    def __init__(
        self, bench: KernelBench, dtype: str, asked: Sequence[Invariant]
    ) -> None:
        """Try the simplest call, if there is something to ask."""
        self._bench = bench
        self._dtype = dtype
        self._fault = bench.preflight(dtype) if asked else None
        self._hangs = isinstance(self._fault, KernelTimedOut)
        tellers = [law for law in asked if law.is_form and not self._hangs]
        self._teller = next(iter(tellers or asked), None)

    def outcome(self, law: Invariant) -> Outcome | None:
        """Return what is said of a law that is not asked, or None if it is."""
        if self._fault is None or (law.is_form and not self._hangs):
            return None
        if law is not self._teller:
            reason = f"the simplest call fails: {one_line(str(self._fault))}"
            return Outcome(law.id, self._dtype, Verdict.NOT_RUN, reason=reason)
        recipe, message = self._bench.simplest(self._dtype), str(self._fault)
        verdict, kind = FAULTS[type(self._fault)], self._bench.kind
        # The law of the form can be asked of the simplest case; this one may not.
        form = next(each for each in kind.laws.values() if each.is_form)
        error = error_in(verdict, message)
        token = Token(kind, form, recipe, verdict=verdict, error=error)
        finding = Finding(law.id, recipe, message, str(token))
        return Outcome(law.id, self._dtype, verdict, finding=finding)


__all__ = ["outcomes"]
