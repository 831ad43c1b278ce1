"""A report for machines: one JSON object a line, written as the run goes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.resources
import json
import math
import platform
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import numpy as np

import attnspec
from attnspec.conformance.descriptions import written_deviation
from attnspec.conformance.reports import words
from attnspec.exceptions import InvalidArgument
from attnspec.judge.description import Description
from attnspec.judge.likeness import Features
from attnspec.judge.verdicts import (
    REPORT_VERSION,
    SPEC_VERSION,
    SUITE_VERSION,
    Cause,
    Finding,
    Outcome,
    Report,
)
from attnspec.kinds.registry import INVARIANTS


class Writer:
    """Writes a report line by line, so that a run that ends early is not lost."""

    def __init__(self, path: Path, target: str) -> None:
        """Open the file.

        Raises
        ------
        InvalidArgument
            If it cannot be written.
        """
        self._target = target
        self._written = 0
        try:
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            msg = f"report: {path} cannot be written ({error.strerror})"
            raise InvalidArgument(msg) from error

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; without `ended` it has no footer and counts as cut short."""
        self._file.close()

    def started(self, report: Report) -> None:
        """Write the header."""
        self._write(header(report, self._target))

    def finished(self, outcome: Outcome) -> None:
        """Write one result."""
        self._write(result(outcome))
        self._written += 1

    def ended(self, report: Report) -> None:
        """Write the results that were never begun, the causes and the footer."""
        for outcome in report.outcomes[self._written :]:
            self.finished(outcome)
        for found in report.causes:
            self._write(cause(found))
        self._write(footer(report))

    def _write(self, entry: dict[str, Any]) -> None:
        text = json.dumps(portable(entry), allow_nan=False, ensure_ascii=False)
        self._file.write(f"{text}\n")
        self._file.flush()


def header(report: Report, target: str) -> dict[str, Any]:
    """Return what was judged, as what and where."""
    now = dt.datetime.now(tz=dt.UTC)
    return {
        "kind": "header",
        "report": REPORT_VERSION,
        "spec": SPEC_VERSION,
        "suite": SUITE_VERSION,
        "attnspec": attnspec.__version__,
        "started": now.isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": platform.platform(),
        },
        "target": target,
        "tier": report.tier,
        "seed": report.seed,
        "dtypes": list(report.dtypes),
        "only": list(report.only),
        **_description(report.description, report.dtypes),
        "dialect": report.detected.dialect,
        "sources": dict(report.detected.sources),
        "differs": words.differences(report.detected, report.description),
    }


def _description(description: Description, dtypes: tuple[str, ...]) -> dict[str, Any]:
    capabilities = description.capabilities
    return {
        "implementation": {"name": description.name, "version": description.version},
        "function": description.kind,
        "capabilities": {
            "dtypes": list(capabilities.dtypes),
            "claims": sorted(capabilities.claims),
            "multiples": dict(capabilities.multiples),
            "least": dict(capabilities.least),
            "exclusive": sorted(sorted(pair) for pair in capabilities.exclusive),
        },
        "models": {d: dataclasses.asdict(description.model(d)) for d in dtypes},
        "deviations": [written_deviation(d) for d in description.deviations],
    }


def result(outcome: Outcome) -> dict[str, Any]:
    """Return what became of one invariant in one dtype."""
    entry: dict[str, Any] = {
        "kind": "result",
        **{f.name: getattr(outcome, f.name) for f in dataclasses.fields(outcome)},
        "verdict": str(outcome.verdict),
        "clause": INVARIANTS[outcome.invariant].clause,
        "conforms": outcome.conforms,
        "deviations": list(outcome.deviations),
    }
    if outcome.finding is not None:
        entry["finding"] = _finding(outcome.finding)
    return entry


def _finding(finding: Finding) -> dict[str, Any]:
    comparison = finding.comparison
    return {
        "message": finding.message,
        "recipe": finding.recipe.to_json(),
        "before": [recipe.to_json() for recipe in finding.before],
        "comparison": None if comparison is None else dataclasses.asdict(comparison),
        "same_as": finding.same_as,
        "features": _features(finding.features),
        "token": finding.token,
    }


SETS = ("needs", "signs", "marks", "forms")
"""The parts of features that are sets."""


def _features(features: Features | None) -> dict[str, Any] | None:
    if features is None:
        return None
    return {
        "nature": features.nature,
        "has": dict(features.has),
        **{name: sorted(getattr(features, name)) for name in SETS},
    }


def cause(found: Cause) -> dict[str, Any]:
    """Return one mistake: the result that says it best, and the others."""
    headline, *others = (
        {"invariant": outcome.invariant, "dtype": outcome.dtype}
        for outcome in (found.headline, *found.others)
    )
    return {
        "kind": "cause",
        "headline": headline,
        "others": others,
        "relaxation": found.relaxation,
    }


def footer(report: Report) -> dict[str, Any]:
    """Return the numbers, and whether the run reached its end."""
    verdicts = Counter(str(outcome.verdict) for outcome in report.outcomes)
    return {
        "kind": "footer",
        "complete": report.complete,
        "conforms": report.conforms,
        "results": len(report.outcomes),
        "verdicts": dict(verdicts),
        "counted": sum(outcome.counted for outcome in report.outcomes),
        "weak": sum(outcome.weak for outcome in report.outcomes),
        "seconds": report.seconds,
    }


def portable(data: Any) -> Any:
    """Return the same data with NaN and infinities as words: JSON has none."""
    if isinstance(data, dict):
        return {name: portable(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [portable(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else f"{'-' * (data < 0)}Infinity"
    return data


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every line of a report satisfies.

    Examples
    --------
    >>> schema()["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    file = importlib.resources.files(__package__) / "report.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


__all__ = [
    "SETS",
    "Writer",
    "cause",
    "footer",
    "header",
    "portable",
    "result",
    "schema",
]
