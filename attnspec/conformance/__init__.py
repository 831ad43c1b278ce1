"""Judging implementations: one call, or one command."""

from __future__ import annotations

from attnspec.conformance.check import check_implementation, judge
from attnspec.conformance.deviations import Deviation, load_deviations
from attnspec.conformance.implementation import (
    Description,
    Implementation,
    claims,
)
from attnspec.conformance.verdicts import Finding, Outcome, Report, Verdict

__all__ = [
    "Description",
    "Deviation",
    "Finding",
    "Implementation",
    "Outcome",
    "Report",
    "Verdict",
    "check_implementation",
    "claims",
    "judge",
    "load_deviations",
]
