"""The commands that judge a kernel."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli._names import ARRAYS, CLAIM, DTYPE, INVARIANT, KIND, TIER, Callback
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.conformance import Outcome, Report
    from attnspec.conformance.bench import Executor
    from attnspec.conformance.implementation import Description
    from attnspec.conformance.reports import Writer
    from attnspec.conformance.reports.console import Printer

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_FILE = click.Path(path_type=Path, dir_okay=False)
_WEEK = 604_800


def _several(name: str, callback: Callback, text: str) -> Decorator:
    """Return an option that may be given more than once; order is kept."""
    return click.option(
        f"--{name}",
        f"{name}s",
        multiple=True,
        metavar=name.upper(),
        callback=callback,
        help=f"{text} May be given more than once.",
    )


def _seconds(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """Return a deadline that can be waited for, which no infinite one can."""
    if not 0.0 < value <= _WEEK:
        message = f"expected seconds above 0, up to {_WEEK:,}; got {value:g}"
        raise click.BadParameter(message)
    return value


_DTYPES = _several("dtype", DTYPE, "A format to judge; all claimed ones by default.")
_CLAIMS = _several("claim", CLAIM, "A capability beyond those of the signature.")
_ONLY = click.option(
    "--only",
    "only",
    multiple=True,
    metavar="ID",
    callback=INVARIANT,
    help="An invariant; all by default. May be given more than once.",
)
_KIND = click.option(
    "--kind",
    default="attention",
    show_default=True,
    metavar="KIND",
    callback=KIND,
    help="What TARGET is; 'attnspec kinds' lists them.",
)
_ARRAYS = click.option(
    "--arrays",
    default="numpy",
    show_default=True,
    metavar="LIBRARY",
    callback=ARRAYS,
    help="Whose arrays TARGET takes: numpy, torch or jax.",
)
_DEADLINE = click.option(
    "--deadline",
    type=float,
    callback=_seconds,
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="When a call has timed out; the first call of a process has three times that.",
)


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What `check` was asked for."""

    target: str
    kind: str
    arrays: str
    dtypes: tuple[str, ...]
    claims: tuple[str, ...]
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
@_KIND
@_ARRAYS
@_DTYPES
@_CLAIMS
@_ONLY
@click.option(
    "--tier",
    callback=TIER,
    metavar="TIER",
    default="standard",
    show_default=True,
    help="How much to look at: smoke, standard or thorough.",
)
@click.option("-x", "first", is_flag=True, help="Stop at the first failure.")
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Where the examples are drawn from.",
)
@click.option("--deviations", type=_FILE, help="Known deviations, in TOML.")
@click.option("--report", type=_FILE, help="Write the report as JSON lines, too.")
@click.option("--junit", type=_FILE, help="Write the report as JUnit XML, too.")
@_DEADLINE
def check(**options: Any) -> int:
    """Judge a kernel; without TARGET, the one that comes with attnspec.

    The exit code is 0 if it conforms, 1 if it does not, and 2 if the request is
    wrong.
    """
    from attnspec.conformance.targets import Request, open_target

    plan = _Plan(**options)
    if plan.junit is not None and not plan.junit.absolute().parent.is_dir():
        message = f"junit: there is no folder {plan.junit.parent}"
        raise click.UsageError(message)
    request = Request(plan.target, plan.claims, plan.dtypes, plan.kind, plan.arrays)
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
    replay = Replay(title, plan.claims, arrays=plan.arrays)
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


@click.command(short_help="See a finding again.")
@click.argument("target")
@click.argument("token")
@_ARRAYS
@_CLAIMS
@_DEADLINE
def replay(
    target: str, token: str, arrays: str, claims: tuple[str, ...], deadline: float
) -> int:
    """See a finding again: make the case of TOKEN, and put TARGET before it.

    The exit code is 1 if the finding is reproduced and 0 if it is not.
    """
    from attnspec.conformance.replay import replay as again
    from attnspec.conformance.reports import Replay, failure_lines
    from attnspec.conformance.targets import Request, open_target
    from attnspec.conformance.tokens import read_token

    known = read_token(token)
    known.verify()
    dtypes = (known.recipe.dtype,)
    request = Request(target, claims, dtypes, known.law.kind, arrays)
    with open_target(request, deadline=deadline) as (call, described):
        outcome = again(call, described, known)
    if outcome is None:
        click.echo(f"not reproduced: {known.invariant} holds ({known.recipe.dtype})")
        return CONFORMS
    lines = failure_lines(outcome, Replay(target, claims, arrays=arrays))
    click.echo("\n".join(["reproduced", *lines]))
    return FAILS


@click.command(short_help="Say what a kernel is: claims, dialect, precision.")
@click.argument("target", default="")
@_KIND
@_ARRAYS
@_DTYPES
@_CLAIMS
@_DEADLINE
def describe(
    target: str,
    *,
    kind: str,
    arrays: str,
    dtypes: tuple[str, ...],
    claims: tuple[str, ...],
    deadline: float,
) -> int:
    """Say what TARGET is: capabilities, dialect and effective precision.

    The dialect is found by probes, the precision by a small run of the invariant
    'agreement'.
    """
    from attnspec.conformance import judge
    from attnspec.conformance.reports import text
    from attnspec.conformance.targets import Request, open_target
    from attnspec.invariants import agreement_of

    request = Request(target, claims, dtypes, kind, arrays)
    with open_target(request, deadline=deadline) as (call, known):
        law = agreement_of(known.kind)
        report = judge(call, known, dtypes=dtypes, only=(law,), tier="smoke")
    click.echo("\n".join(text.description_lines(report, target or known.name)))
    return CONFORMS


__all__ = ["check", "describe", "replay"]
