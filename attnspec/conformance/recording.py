"""A run that is written down as it goes: for people, as JSON lines, as JUnit XML."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attnspec.conformance.check import judge
from attnspec.conformance.reports import Replay, Writer, check_files, write_junit
from attnspec.conformance.reports.text import report_lines
from attnspec.conformance.resuming import Resumed
from attnspec.conformance.units import Spreading, here_alone
from attnspec.exceptions import InvalidArgument
from attnspec.judge.bench import Executor
from attnspec.judge.causes import grouped
from attnspec.judge.description import Description
from attnspec.judge.verdicts import Cause, Outcome, Report
from attnspec.kinds.registry import INVARIANTS, kind_named


class Listener(Protocol):
    """Hears of a run: what is judged, every outcome as it comes, and the end."""

    def started(self, report: Report) -> None:
        """Hear of the report, which is empty yet."""

    def finished(self, outcome: Outcome) -> None:
        """Hear of an outcome."""

    def ended(self, report: Report) -> None:
        """Hear of the whole report."""


class Record:
    """What is known of a run so far; it passes that on to those who listen."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """Begin with nothing."""
        self._listeners = listeners
        self._report: Report | None = None
        self._outcomes: list[Outcome] = []
        self._begun = time.perf_counter()

    @property
    def so_far(self) -> Report | None:
        """The report as far as the run came; None if it has not begun."""
        if self._report is None:
            return None
        seconds = time.perf_counter() - self._begun
        return self._report.replace(
            outcomes=tuple(self._outcomes),
            causes=self._causes(),
            complete=False,
            seconds=seconds,
        )

    def _causes(self) -> tuple[Cause, ...]:
        """Return the mistakes so far, each of one kind."""
        kinds = {INVARIANTS[outcome.invariant].kind: None for outcome in self._outcomes}
        found: list[Cause] = []
        for kind in map(kind_named, kinds):
            mine = [o for o in self._outcomes if o.invariant in kind.laws]
            found += grouped(mine, {}, kind)
        return tuple(found)

    def started(self, report: Report) -> None:
        """Begin a report."""
        self._report = report
        for listener in self._listeners:
            listener.started(report)

    def finished(self, outcome: Outcome) -> None:
        """Add an outcome."""
        self._outcomes.append(outcome)
        for listener in self._listeners:
            listener.finished(outcome)

    def ended(self, report: Report) -> None:
        """Close the report; one who cannot hear of it keeps it from nobody else."""
        with contextlib.ExitStack() as stack:
            for listener in reversed(self._listeners):
                stack.callback(listener.ended, report)


class _JUnit:
    """Writes JUnit XML at the end of a run."""

    def __init__(self, path: Path, title: str, replay: Replay) -> None:
        self._to = path, title, replay

    def started(self, report: Report) -> None:
        """Do nothing yet."""

    def finished(self, outcome: Outcome) -> None:
        """Do nothing yet."""

    def ended(self, report: Report) -> None:
        """Write the file."""
        write_junit(report, *self._to)


def recorded(
    call: Executor,
    description: Description,
    *,
    title: str,
    replay: Replay,
    listeners: Sequence[Listener] = (),
    report: Path | None = None,
    junit: Path | None = None,
    resume: bool = False,
    spreading: Spreading = here_alone,
    **wishes: Any,
) -> Report:
    """Judge a kernel, and write the run down: whole, or as far as it came.

    Parameters
    ----------
    call, description
        The kernel, opened.
    title, replay
        What it is called, and the words that ask for it again.
    listeners
        Who hears of the run.
    report, junit
        Files for JSON lines and for JUnit XML.
    resume
        Whether to go on with the report, if it was cut off.
    spreading
        Where units are judged.
    **wishes
        What `judge` is asked for.

    Raises
    ------
    InvalidArgument
        If a file cannot be written, or holds something else; if there is no report to
        resume, or one of another run.
    KeyboardInterrupt
        If the run was interrupted; what there was is written.
    """
    check_files(report=report, junit=junit)
    with contextlib.ExitStack() as stack:
        if junit is not None:
            listeners = (_JUnit(junit, title, replay), *listeners)
        if resume:
            resumed = _resumed(report, title)
            spreading = _over(resumed, spreading)
            listeners = (resumed, *listeners)
        elif report is not None:
            writer = stack.enter_context(Writer(report, title))
            listeners = (writer, *listeners)
        record = Record(listeners)
        wishes = {**wishes, "spreading": spreading}
        found = _judged(call, description, record, wishes)
        record.ended(found)
    if not found.complete:
        raise KeyboardInterrupt
    return found.replace(lines=functools.partial(report_lines, replay=replay))


def _resumed(report: Path | None, title: str) -> Resumed:
    """Return what goes on with a report."""
    if report is None:
        msg = "resume: expected a report to go on with; name it by --report"
        raise InvalidArgument(msg)
    return Resumed(report, title)


def _over(resumed: Resumed, spreading: Spreading) -> Spreading:
    """Return what asks a report first."""
    return lambda here: resumed.over(spreading(here), here)


def _judged(
    call: Executor, description: Description, record: Record, wishes: Mapping[str, Any]
) -> Report:
    """Return the report; one that is not complete if the run was interrupted."""
    wishes = {**wishes, "started": record.started, "finished": record.finished}
    try:
        return judge(call, description, **wishes)
    except KeyboardInterrupt:
        if (so_far := record.so_far) is None:
            raise
        return so_far


__all__ = ["Listener", "Record", "recorded"]
