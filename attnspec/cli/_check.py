"""The commands that judge a kernel."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.conformance import Outcome, Report
    from attnspec.conformance.reports import Writer
    from attnspec.conformance.reports.console import Printer
    from attnspec.judge.bench import Executor
    from attnspec.judge.description import Description

_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What `check` was asked for."""

    target: str
    kind: str
    arrays: str
    dtypes: tuple[str, ...]
    claims: tuple[str, ...]
    without: tuple[str, ...]
    only: tuple[str, ...]
    tier: str
    first: bool
    seed: int
    deviations: Path | None
    report: Path | None
    junit: Path | None
    deadline: float


@click.command(short_help="Judge a kernel.")
@click.argument("target", default="")
@options.KIND
@options.ARRAYS
@options.DTYPES
@options.CLAIMS
@options.WITHOUT
@options.ONLY
@options.tier("standard", "How much to look at: smoke, standard or thorough.")
@click.option("-x", "first", is_flag=True, help="Stop at the first failure.")
@options.SEED
@click.option("--deviations", type=_FILE, help="Known deviations, in TOML.")
@click.option("--report", type=_FILE, help="Write the report as JSON lines, too.")
@click.option("--junit", type=_FILE, help="Write the report as JUnit XML, too.")
@options.DEADLINE
def check(**asked: Any) -> int:
    """Judge a kernel; without TARGET, the one that comes with attnspec.

    The exit code is 0 if it conforms, 1 if it does not, and 2 if the request is
    wrong.
    """
    from attnspec.conformance.targets import Request, open_target

    plan = _Plan(**asked)
    if plan.junit is not None and not plan.junit.absolute().parent.is_dir():
        message = f"junit: there is no folder {plan.junit.parent}"
        raise click.UsageError(message)
    request = Request(
        plan.target, plan.claims, plan.dtypes, plan.kind, plan.arrays, plan.without
    )
    with open_target(request, deadline=plan.deadline) as (call, known):
        return _run(plan, call, _with_deviations(known, plan.deviations))


def _with_deviations(description: Description, path: Path | None) -> Description:
    """Return a description with the deviations of a file added."""
    from attnspec.conformance import load_deviations

    if path is None:
        return description
    return description.replace(
        deviations=description.deviations + load_deviations(path)
    )


def _run(plan: _Plan, call: Executor, description: Description) -> int:
    """Judge a kernel and report; return the exit code."""
    from attnspec.conformance.check import chosen
    from attnspec.conformance.reports import Replay, Writer, write_junit
    from attnspec.conformance.reports.console import Printer

    title = plan.target or description.name
    kind = description.kind
    replay = Replay(title, plan.claims, plan.arrays, plan.without)
    printer = Printer(title, replay, laws=len(chosen(plan.only, kind)))
    with contextlib.ExitStack() as stack:
        listeners: list[Printer | Writer] = [printer]
        if plan.report is not None:
            listeners.append(stack.enter_context(Writer(plan.report, title)))
        report = _judged(plan, call, description, printer, _Record(listeners))
        for listener in reversed(listeners):
            listener.ended(report)
    if plan.junit is not None:
        write_junit(report, plan.junit, title, replay)
    if not report.complete:
        raise click.Abort
    return CONFORMS if report.conforms else FAILS


class _Record:
    """What is known of a run so far; passes it on to those who report it."""

    def __init__(self, listeners: list[Printer | Writer]) -> None:
        self._listeners = listeners
        self.report: Report | None = None
        self.outcomes: list[Outcome] = []

    def started(self, report: Report) -> None:
        self.report = report
        for listener in self._listeners:
            listener.started(report)

    def finished(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        for listener in self._listeners:
            listener.finished(outcome)


def _judged(
    plan: _Plan,
    call: Executor,
    description: Description,
    printer: Printer,
    record: _Record,
) -> Report:
    """Return the report; one that is not complete if the run was interrupted."""
    from attnspec.conformance import judge

    try:
        with printer.live():
            return judge(
                call,
                description,
                dtypes=plan.dtypes,
                only=plan.only,
                tier=plan.tier,
                seed=plan.seed,
                stop_at_first=plan.first,
                progress=printer.progress,
                started=record.started,
                finished=record.finished,
            )
    except KeyboardInterrupt:
        if record.report is None:
            raise
        done = tuple(record.outcomes)
        return record.report.replace(
            outcomes=done, complete=False, seconds=printer.elapsed
        )


__all__ = ["check"]
