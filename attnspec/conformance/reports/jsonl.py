"""A report for machines: one JSON object a line, written as the run goes."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
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
from attnspec.conformance.reports.settings import settings
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
        self._path = path
        self._written = 0
        self._lost: OSError | None = None
        try:
            # A lone surrogate, as in a path, becomes the escape that JSON has for it.
            self._file: TextIO = path.open("w", -1, "utf-8", "backslashreplace")
        except OSError as error:
            raise self._unwritten(error) from error

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
        with contextlib.suppress(OSError):  # Known already: each line is flushed.
            self._file.close()

    def started(self, report: Report) -> None:
        """Write the header.

        Raises
        ------
        InvalidArgument
            If it cannot be written, as on a disk that is full.
        """
        self._write(header(report, self._target))
        self._check()

    def finished(self, outcome: Outcome) -> None:
        """Write one result."""
        self._write(result(outcome))
        self._written += 1

    def ended(self, report: Report) -> None:
        """Write the results that were never begun, the causes and the footer.

        Raises
        ------
        InvalidArgument
            If one of the lines could not be written.
        """
        for outcome in report.outcomes[self._written :]:
            self.finished(outcome)
        for found in report.causes:
            self._write(cause(found))
        self._write(footer(report))
        self._check()

    def _write(self, entry: dict[str, Any]) -> None:
        """Write a line, and nothing behind one that cannot be written."""
        text = json.dumps(portable(entry), allow_nan=False, ensure_ascii=False)
        try:
            if self._lost is None:
                self._file.write(f"{text}\n")
                self._file.flush()
        except OSError as error:  # The run goes on: its verdict is printed.
            self._lost = error

    def _check(self) -> None:
        if self._lost is not None:
            raise self._unwritten(self._lost) from self._lost

    def _unwritten(self, error: OSError) -> InvalidArgument:
        msg = f"report: {self._path} cannot be written ({error.strerror})"
        return InvalidArgument(msg)


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
            **settings(report.description.arrays),
        },
        "target": target,
        "tier": report.tier,
        "seed": report.seed,
        "dtypes": list(report.dtypes),
        "only": list(report.only),
        **_description(report.description, report.dtypes),
        "dialect": report.detected.dialect,
        "sources": dict(report.detected.sources),
        "not_offered": dict(report.detected.not_offered),
        "differs": words.differences(report.detected, report.description),
        "backward": _backward(report),
    }


def _backward(report: Report) -> dict[str, Any] | None:
    """Return what is known of the backward pass that is judged, if one is."""
    known = report.backward
    if known is None:
        return None
    return {
        **_description(known.description, report.dtypes),
        "dialect": known.detected.dialect,
        "sources": dict(known.detected.sources),
        "differs": words.differences(known.detected, known.description),
    }


def _description(description: Description, dtypes: tuple[str, ...]) -> dict[str, Any]:
    capabilities = description.capabilities
    return {
        "implementation": {"name": description.name, "version": description.version},
        "function": description.kind,
        "face": description.face.get("id", "plain"),
        "arrays": description.arrays or "numpy",
        "device": description.device,
        "capabilities": {
            "dtypes": list(capabilities.dtypes),
            "claims": sorted(capabilities.claims),
            "multiples": dict(capabilities.multiples),
            "least": dict(capabilities.least),
            "exclusive": sorted(sorted(pair) for pair in capabilities.exclusive),
        },
        "models": {d: dataclasses.asdict(description.model(d)) for d in dtypes},
        "deviations": [written_deviation(d) for d in description.all_deviations],
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
        "call": finding.call,
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


__all__ = [
    "SETS",
    "Writer",
    "cause",
    "footer",
    "header",
    "portable",
    "result",
]
