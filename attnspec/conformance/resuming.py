"""Going on with a run whose report was cut off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attnspec.conformance.check import STOPPED
from attnspec.conformance.reports import Writer, read_report
from attnspec.conformance.reports.jsonl import header, portable
from attnspec.conformance.reports.restored import Key, outcomes_of
from attnspec.conformance.units import Answer, Here, Source, Unit
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Outcome, Report

_MAY_DIFFER = ("started", "environment")
"""What a header says of the time and the machine."""

_BEGINNING = b'{"kind": "header"'


class Resumed:
    """Keeps what a report has, and writes it anew with what is missing.

    Until all that it had is written, the file stays as it is.
    """

    def __init__(self, path: Path, target: str) -> None:
        """Read the report; where there is none yet, a new one is begun.

        Raises
        ------
        InvalidArgument
            If the file is no report.
        """
        self._path = path
        self._target = target
        self._header: Mapping[str, Any] | None = None
        self.outcomes: dict[Key, Outcome] = {}
        if not _is_blank(path):
            report = read_report(path)
            found = outcomes_of(report, f"resume: {path}")
            self._header = report.header
            self.outcomes = {k: o for k, o in found.items() if o.reason != STOPPED}
        self._missing = set(self.outcomes)
        self._beside = path.with_name(f".{path.name}.resumed")
        self._writer: Writer | None = None

    def over(self, rest: Source, here: Here) -> Source:
        """Return what says of a unit what the report has, or asks another source."""
        return _Stored(self.outcomes, rest, here)

    def started(self, report: Report) -> None:
        """Begin the file.

        Raises
        ------
        InvalidArgument
            If the report that was cut off is of another run.
        """
        self._check(json.loads(json.dumps(portable(header(report, self._target)))))
        self._writer = Writer(self._beside, self._target)
        self._writer.started(report)
        self._settle()

    def finished(self, outcome: Outcome) -> None:
        """Write one result."""
        if self._writer is not None:
            self._writer.finished(outcome)
            self._missing.discard((outcome.dtype, outcome.invariant))
            self._settle()

    def ended(self, report: Report) -> None:
        """Write the rest; an interrupted run has not lost what was there before."""
        if self._writer is None:
            return
        with self._writer:
            if self._missing and not report.complete:
                self._beside.unlink()
                return
            self._writer.ended(report)
            self._missing.clear()
            self._settle()

    def _settle(self) -> None:
        """Put the new file in place of the old one, as soon as it has as much."""
        if not self._missing and self._beside.exists():
            self._beside.replace(self._path)

    def _check(self, here: Mapping[str, Any]) -> None:
        """Reject a report of another run, and say what differs."""
        there = here if self._header is None else self._header
        for name in here:
            if name in _MAY_DIFFER or here[name] == there[name]:
                continue
            where, one, other = _difference(there[name], here[name], name)
            msg = f"resume: {self._path} is of another run: {where} was {one!r} there"
            msg += f" and is {other!r} here"
            raise InvalidArgument(msg)


def _is_blank(path: Path) -> bool:
    """Return whether nothing is lost where a file is written anew."""
    if not path.exists():
        return True
    content = path.read_bytes()
    cut = b"\n" not in content
    return cut and (content.startswith(_BEGINNING) or _BEGINNING.startswith(content))


def _difference(one: Any, other: Any, where: str) -> tuple[str, Any, Any]:
    """Return where two values first differ, and what stands there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in (*one, *other):
            if one.get(name) != other.get(name):
                there = f"{where}.{name}"
                return _difference(one.get(name), other.get(name), there)
    return where, one, other


class _Stored:
    """Says of a unit what was said of it before it was stored."""

    def __init__(self, known: Mapping[Key, Outcome], rest: Source, here: Here) -> None:
        """Know these outcomes; ask `rest` for others, and `here` for earlier calls."""
        self._known = known
        self._rest = rest
        self._here = here

    def expect(self, units: Sequence[Unit]) -> None:
        """Expect those that are not known."""
        self._rest.expect([unit for unit in units if unit.key not in self._known])

    def drop(self, dtype: str) -> None:
        """Expect no more of a dtype."""
        self._rest.drop(dtype)

    def ask(self, unit: Unit) -> Answer | None:
        """Return what becomes of a unit."""
        if (known := self._known.get(unit.key)) is None:
            return self._rest.ask(unit)
        if not (unit.is_settled or known.conforms) and self._here.is_relative(unit):
            return None  # What the laws before it find bears on those after it.
        return Answer(known, lambda: self._here.calls(unit))


__all__ = ["Resumed"]
