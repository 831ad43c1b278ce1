"""What can be said of an invariant, a finding and a whole run."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.exceptions import KernelFault
from attnspec.judge.description import Description
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
    MISTRUSTED = "mistrusted"
    NOT_RUN = "not run"

    @property
    def conforms(self) -> bool:
        """Whether a run with this verdict may conform."""
        return self in (Verdict.PASSED, Verdict.UNSUPPORTED, Verdict.DEVIATION)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a kernel broke a law, shrunk."""

    recipe: Recipe
    """The recipe of the smallest case."""
    message: str
    """What happened, in a few words."""
    token: str
    comparison: Comparison | None = None
    relaxation: str = ""
    """The mildest relaxation of the numeric model under which the law holds."""
    before: tuple[Recipe, ...] = ()
    """The calls that must come first, where the finding depends on history."""


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
    provisional: bool = False
    """Whether the law is reported and not counted yet."""

    @property
    def conforms(self) -> bool:
        """Whether a run with this outcome may conform."""
        return self.provisional or self.verdict.conforms


@dataclasses.dataclass(frozen=True, slots=True)
class Detected:
    """The dialect of a function, and how each field of it came about."""

    dialect: Mapping[str, str]
    """The choice in each field."""
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """For each field: declared, detected, found (not enforced) or default."""
    fits_none: tuple[str, ...] = ()
    """The fields of which no choice fits; the nearest one is taken."""
    fault: KernelFault | None = None
    """What a probe met: the function ended its process, or did not return in time."""


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
    seconds: float = 0.0
    complete: bool = True
    """Whether the run reached its end."""
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
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that do not conform; those of provisional laws do not count."""
        return tuple(outcome for outcome in self.outcomes if not outcome.conforms)


__all__ = [
    "REPORT_VERSION",
    "SPEC_VERSION",
    "SUITE_VERSION",
    "Detected",
    "Finding",
    "Outcome",
    "Report",
    "Verdict",
]
