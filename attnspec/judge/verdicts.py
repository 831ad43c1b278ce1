"""What can be said of an invariant, a finding and a whole run."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.exceptions import KernelFault
from attnspec.judge.description import Description
from attnspec.judge.likeness import Features
from attnspec.judge.recipe import Recipe
from attnspec.numerics import Comparison

SPEC_VERSION = 1
"""Meaning of the definitions."""

SUITE_VERSION = 1
"""Which invariants and families there are."""

REPORT_VERSION = 1
"""Form of the reports and tokens."""


class Verdict(enum.StrEnum):
    """What became of one invariant in one dtype."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    DEVIATION = "deviation"
    STALE = "stale"
    HELD_BACK = "held back"
    """Every call that it compares is wrong by itself: another law says how."""
    MISTRUSTED = "mistrusted"
    NOT_RUN = "not run"

    @property
    def conforms(self) -> bool:
        """Whether a run with this verdict may conform."""
        return self in (Verdict.PASSED, Verdict.UNSUPPORTED, Verdict.DEVIATION)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a kernel broke a law, shrunk."""

    invariant: str
    """The id of the law."""
    recipe: Recipe
    """The recipe of the smallest case."""
    message: str
    """What happened, in a few words."""
    token: str
    comparison: Comparison | None = None
    before: tuple[Recipe, ...] = ()
    """The calls that must come first, where the finding depends on history."""
    features: Features | None = None
    """What it needs in order to show; None if that was not asked."""
    call: str = ""
    """The call of the smallest case in the words of its face."""
    same_as: str = ""
    """The law that an earlier finding broke in the same case."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one invariant in one dtype."""

    invariant: str
    dtype: str
    verdict: Verdict
    counted: int = 0
    weak: int = 0
    inadmissible: int = 0
    """Examples on which the numeric model promises nothing."""
    deviating: int = 0
    ratio: float = 0.0
    """The largest error in units of the bound."""
    seconds: float = 0.0
    reason: str = ""
    finding: Finding | None = None
    deviations: tuple[str, ...] = ()
    reached: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The largest sizes that the law was asked with."""
    provisional: bool = False
    """Whether the law is reported and not counted yet."""

    @property
    def held_back(self) -> bool:
        """Whether the law says nothing because its calls are wrong by themselves."""
        return self.verdict is Verdict.HELD_BACK

    @property
    def conforms(self) -> bool:
        """Whether a run with this outcome may conform."""
        return self.provisional or self.verdict.conforms


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """Findings that show one mistake: the one that says it best, and the others."""

    headline: Outcome
    others: tuple[Outcome, ...] = ()
    relaxation: str | None = None
    """What a numeric model would have to allow to explain every call of the run.

    Empty if nothing explains them, and None if that was not asked.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Detected:
    """The dialect of a function, and how each field of it came about."""

    dialect: Mapping[str, str]
    """The choice in each field."""
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """For each field: face, declared, detected, found (not enforced) or default."""
    fits_none: tuple[str, ...] = ()
    """The fields of which no choice fits; the nearest one is taken."""
    found: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The choices that were found in fields that are not enforced."""
    fault: KernelFault | None = None
    """What a probe met: the function ended its process, or did not return in time."""
    not_offered: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """For each claim that the function does not offer what it raises."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backward:
    """What is known of a backward pass, and the dialect that was detected of it."""

    description: Description
    detected: Detected


def _verdict_alone(report: Report) -> list[str]:
    """Return the shortest form of a report."""
    return ["conforms" if report.conforms else "does not conform"]


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The results of a run."""

    description: Description
    tier: str
    seed: int
    detected: Detected
    dtypes: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    causes: tuple[Cause, ...] = ()
    """The findings, those with one cause together."""
    seconds: float = 0.0
    complete: bool = True
    """Whether the run reached its end."""
    only: tuple[str, ...] = ()
    """The laws that were asked for; none named means all."""
    backward: Backward | None = None
    """The backward pass that is judged with the kernel."""
    lines: Callable[[Report], list[str]] = dataclasses.field(
        default=_verdict_alone, repr=False, compare=False
    )
    """How it prints: whoever makes a report says so."""

    def replace(self, **changes: Any) -> Report:
        """Return the same report with some fields changed."""
        return dataclasses.replace(self, **changes)

    def __str__(self) -> str:
        """Return what failed, and the sum of it."""
        return "\n".join(self.lines(self))

    @property
    def conforms(self) -> bool:
        """Whether something was asked, and all that counts has a verdict for it."""
        return self.complete and self.asked and not self.failures

    @property
    def asked(self) -> bool:
        """Whether an invariant was put before the function at all."""
        return any(o.verdict is not Verdict.UNSUPPORTED for o in self.outcomes)

    @property
    def reached(self) -> dict[str, int]:
        """The largest sizes of the whole run, by name."""
        largest: dict[str, int] = {}
        for name, size in (s for o in self.outcomes for s in o.reached.items()):
            largest[name] = max(size, largest.get(name, 0))
        return largest

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that do not conform; those of provisional laws do not count."""
        return tuple(outcome for outcome in self.outcomes if not outcome.conforms)


__all__ = [
    "REPORT_VERSION",
    "SPEC_VERSION",
    "SUITE_VERSION",
    "Backward",
    "Cause",
    "Detected",
    "Finding",
    "Outcome",
    "Report",
    "Verdict",
]
