"""The units of a run: one law before a kernel in one format, judged anywhere.

What becomes of a unit depends on what stands in it, and on nothing that came before:
all that looks across units is done where their outcomes come together.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.description import Description
from attnspec.judge.drawing import hashed
from attnspec.judge.evidence import Called
from attnspec.judge.tiers import tier_named
from attnspec.judge.trial import Trial
from attnspec.judge.verdicts import Finding, Outcome
from attnspec.kinds.registry import kind_named


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """A law before a kernel in one format, and all that its outcome depends on."""

    law: str
    dtype: str
    description: Description
    dialect: Mapping[str, str]
    tier: str
    seed: int
    brief: bool = False
    looked_at: frozenset[str] = frozenset()
    """The deviations of which an earlier unit asks whether they are stale."""
    findings: tuple[Finding, ...] = ()
    """What the units before it have found."""
    is_settled: bool = True
    """Whether the laws before it have been asked, as far as they can tell of it."""

    @property
    def key(self) -> tuple[str, str]:
        """The format and the law."""
        return self.dtype, self.law

    def bench(self, call: Executor) -> KernelBench:
        """Return a bench on which nothing has happened yet."""
        kind, model = kind_named(self.description.kind), self.description.model
        known = self.description, self.dialect, model(self.dtype)
        found = KernelBench(call, kind, *known)
        found.findings = list(self.findings)
        found.looked_at = dict.fromkeys(self.looked_at, "")
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What became of a unit, and the calls that were made for it."""

    outcome: Outcome
    calls: Called | Callable[[], Called] = ()
    """The calls, or what makes them again."""

    def called(self) -> Called:
        """Return the calls."""
        return self.calls() if callable(self.calls) else self.calls


_one_at_a_time = threading.Lock()
"""What judges may have threads, and Hypothesis draws for one of them."""


class Source(Protocol):
    """Says what becomes of units."""

    def expect(self, units: Sequence[Unit]) -> None:
        """Hear which units will be asked for; their findings are not known yet."""

    def drop(self, dtype: str) -> None:
        """Hear that nobody will ask for the other units of a dtype."""

    def ask(self, unit: Unit) -> Answer | None:
        """Return what becomes of a unit; None if laws before it must speak first."""


def judged(
    unit: Unit,
    call: Executor,
    tick: Callable[[], None] = lambda: None,
    *,
    alone: bool = False,
) -> Answer | None:
    """Judge a unit.

    Parameters
    ----------
    unit, call
        The unit, and the kernel.
    tick
        Called before each example.
    alone
        Whether what else is found in the run is not known yet.

    Returns
    -------
    Answer or None
        None if it depends on what is not known yet.
    """
    trial = _trial(unit, call, tick)
    with _one_at_a_time:
        if alone:
            outcome = trial.run_unless(trial.depends_on_others)
        elif unit.is_settled:
            outcome = trial.run()
        else:
            outcome = trial.run_unless(trial.is_relative)
    return None if outcome is None else Answer(outcome, trial.bench.evidence.calls)


Spreading = Callable[["Here"], Source]
"""Makes a source of one that judges here."""


def _trial(unit: Unit, call: Executor, tick: Callable[[], None]) -> Trial:
    """Return the trial of a unit, on a bench of its own."""
    bench = unit.bench(call)
    law = bench.kind.laws[unit.law]
    draws = bench.draws(law, unit.dtype, unit.tier, hashed(unit.seed, law.id))
    budget = tier_named(unit.tier)
    return Trial(law, bench, draws, budget, tick, brief=unit.brief)


class Here:
    """Judges units in this process, one after the other."""

    def __init__(
        self,
        call: Executor,
        progress: Callable[[str, str], None] = lambda _dtype, _law: None,
    ) -> None:
        """Judge this kernel; `progress` hears of dtype and law before each example."""
        self._call = call
        self._progress = progress

    def expect(self, units: Sequence[Unit]) -> None:
        """Do nothing: a unit is judged when it is asked for."""

    def drop(self, dtype: str) -> None:
        """Do nothing."""

    def ask(self, unit: Unit) -> Answer | None:
        """Judge a unit."""
        return judged(unit, self._call, lambda: self._progress(*unit.key))

    def is_relative(self, unit: Unit) -> bool:
        """Return whether the laws before a unit must speak first."""
        trial = _trial(unit, self._call, lambda: self._progress(*unit.key))
        with _one_at_a_time:
            trial.run_unless(lambda: True)
            return trial.is_relative()

    def calls(self, unit: Unit) -> Called:
        """Make the calls of a unit again."""
        found = self.ask(dataclasses.replace(unit, is_settled=True))
        return () if found is None else found.called()


def here_alone(here: Here) -> Source:
    """Return what judges units here, as it is."""
    return here


__all__ = [
    "Answer",
    "Here",
    "Source",
    "Spreading",
    "Unit",
    "here_alone",
    "judged",
]
