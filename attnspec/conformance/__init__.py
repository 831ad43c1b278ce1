"""Judging implementations: one call, or one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnspec.conformance.check import judge
from attnspec.conformance.implementation import (
    Implementation,
    claims,
    differentiable,
)
from attnspec.conformance.inputs import load_deviations
from attnspec.conformance.programs import Program
from attnspec.conformance.runs import check_implementation
from attnspec.conformance.schemas import description_schema
from attnspec.judge.description import Description
from attnspec.judge.deviations import Deviation
from attnspec.judge.verdicts import Finding, Outcome, Report, Verdict

if TYPE_CHECKING:
    from attnspec.conformance.parametrize import parametrize_with_checks


if not TYPE_CHECKING:  # Type checkers would take any name as one of this module.

    def __getattr__(name: str) -> Any:
        """Import what needs pytest when it is asked for: pytest may not be there."""
        if name != "parametrize_with_checks":
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from attnspec.conformance.parametrize import (  # noqa: PLC0415 - needs pytest
            parametrize_with_checks,
        )

        return parametrize_with_checks


__all__ = [
    "Description",
    "Deviation",
    "Finding",
    "Implementation",
    "Outcome",
    "Program",
    "Report",
    "Verdict",
    "check_implementation",
    "claims",
    "description_schema",
    "differentiable",
    "judge",
    "load_deviations",
    "parametrize_with_checks",
]
