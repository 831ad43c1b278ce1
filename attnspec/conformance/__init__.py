"""Judging implementations: one call, or one command."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnspec.conformance.check import judge
    from attnspec.conformance.implementation import (
        Implementation,
        claims,
        differentiable,
    )
    from attnspec.conformance.inputs import load_deviations
    from attnspec.conformance.parametrize import parametrize_with_checks
    from attnspec.conformance.programs import Program
    from attnspec.conformance.runs import check_implementation
    from attnspec.conformance.schemas import description_schema
    from attnspec.judge.description import Description
    from attnspec.judge.deviations import Deviation
    from attnspec.judge.verdicts import Finding, Outcome, Report, Verdict

# A worker, which only calls a kernel, imports this package too, and pytest, which one
# of these needs, may not be there.
_LAZY = {
    "Description": "attnspec.judge.description",
    "Deviation": "attnspec.judge.deviations",
    "Finding": "attnspec.judge.verdicts",
    "Implementation": "attnspec.conformance.implementation",
    "Outcome": "attnspec.judge.verdicts",
    "Program": "attnspec.conformance.programs",
    "Report": "attnspec.judge.verdicts",
    "Verdict": "attnspec.judge.verdicts",
    "check_implementation": "attnspec.conformance.runs",
    "claims": "attnspec.conformance.implementation",
    "description_schema": "attnspec.conformance.schemas",
    "differentiable": "attnspec.conformance.implementation",
    "judge": "attnspec.conformance.check",
    "load_deviations": "attnspec.conformance.inputs",
    "parametrize_with_checks": "attnspec.conformance.parametrize",
}


if not TYPE_CHECKING:  # Type checkers would take any name as one of this module.

    def __getattr__(name: str) -> Any:
        """Import a name when it is asked for."""
        if name not in _LAZY:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(importlib.import_module(_LAZY[name]), name)


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
