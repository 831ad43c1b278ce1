"""What can be said of an invariant, a finding and a whole run."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from attnspec.judge.implementation import Description
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.registry import INVARIANTS
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

    recipe: Any
    """The recipe of the smallest case; each kind of function has its own."""
    message: str
    """What happened, in a few words."""
    token: str
    comparison: Comparison | None = None
    relaxation: str = ""
    """The mildest relaxation of the numeric model under which the law holds."""
    before: tuple[Any, ...] = ()
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


@dataclasses.dataclass(frozen=True, slots=True)
class Detected:
    """The dialect of a function, and how each field of it came about."""

    dialect: Any
    """A `Dialect`, or the choices of another kind of function by name."""
    sources: dict[str, str] = dataclasses.field(default_factory=dict)
    """For each field: declared, detected, found (not enforced) or default."""

    @property
    def choices(self) -> dict[str, str]:
        """The choice in each field."""
        if isinstance(self.dialect, Dialect):
            return dataclasses.asdict(self.dialect)
        return dict(self.dialect)


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

    def replace(self, **changes: Any) -> Report:
        """Return the same report with some fields changed."""
        return dataclasses.replace(self, **changes)

    def __str__(self) -> str:
        """Return what the command line prints of the failures, and the sum of it."""
        from attnspec.conformance.reports import text  # noqa: PLC0415 - it knows us

        return "\n".join(text.report_lines(self))

    @property
    def conforms(self) -> bool:
        """Whether every invariant that counts has a verdict that conforms."""
        return self.complete and not self.failures

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that do not conform; those of provisional laws do not count."""
        return tuple(
            o
            for o in self.outcomes
            if not (o.verdict.conforms or _is_provisional(o.invariant))
        )


def _is_provisional(invariant: str) -> bool:
    """Return whether a law is reported and not counted yet."""
    law = INVARIANTS.get(invariant)
    return law is not None and law.provisional


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
