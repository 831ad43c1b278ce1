"""The command that judges a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli import _interrupts
from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.conformance.reports.restored import Failed


@click.command(short_help="Judge a kernel.")
@options.TARGET
@options.KIND
@options.DTYPES
@options.kernel
@click.option(
    "--deviations", type=options.FILE, metavar="FILE", help="What is known to fail."
)
@options.ONLY
@options.tier("standard", "How much to look at: smoke, standard or thorough.")
@click.option("-x", "stop_at_first", is_flag=True, help="Stop at the first failure.")
@options.SEED
@options.JOBS
@options.SCHEDULER
@click.option(
    "--report", type=options.FILE, metavar="FILE", help="Write JSON lines, too."
)
@click.option("--resume", is_flag=True, help="Go on with the report if it was cut off.")
@click.option(
    "--only-failed",
    type=options.FILE,
    metavar="REPORT",
    help="Run what did not conform in a report, by its tier and seed.",
)
@click.option(
    "--junit", type=options.FILE, metavar="FILE", help="Write JUnit XML, too."
)
def check(
    *,
    deadline: float,
    report: Path | None,
    junit: Path | None,
    only: tuple[str, ...],
    tier: str,
    stop_at_first: bool,
    seed: int,
    jobs: int | None,
    scheduler: str | None,
    resume: bool,
    only_failed: Path | None,
    **asked: Any,
) -> int:
    """Judge a kernel; without TARGET, the one that comes with attnspec.

    The exit code is 0 if it conforms, 1 if it does not, and 2 if the request is
    wrong.
    """
    from attnspec.conformance.check import chosen
    from attnspec.conformance.differentiation import kinds_judged
    from attnspec.conformance.executors import spreading_over
    from attnspec.conformance.recording import recorded
    from attnspec.conformance.reports import Replay
    from attnspec.conformance.reports.console import Printer
    from attnspec.conformance.targets import open_target

    if only_failed is not None:
        failed = _failed(only_failed, only, asked["dtypes"])
        only, asked["dtypes"] = failed.only, failed.dtypes
        asked["kind"] = asked["kind"] or failed.kind
        tier = tier if options.is_given("tier") else failed.tier
        seed = seed if options.is_given("seed") else failed.seed
    request = options.requested(asked)
    with open_target(request, deadline=deadline) as (call, known):
        title = request.title or known.name
        replay = Replay(request.replayed(), seed)
        printer = Printer(title, replay, laws=len(chosen(only, kinds_judged(known))))

        def progress(dtype: str, invariant: str) -> None:
            _interrupts.check()
            printer.progress(dtype, invariant)

        def waiting(dtype: str, invariant: str) -> None:
            _interrupts.check()
            printer.progress(dtype, invariant, examples=0)

        over = spreading_over(
            request, deadline, jobs=jobs, scheduler=scheduler, waiting=waiting
        )
        with printer.live(), over as spreading:
            found = recorded(
                call,
                known,
                title=title,
                replay=replay,
                listeners=[printer],
                report=report,
                junit=junit,
                dtypes=asked["dtypes"],
                only=only,
                tier=tier,
                seed=seed,
                stop_at_first=stop_at_first,
                progress=progress,
                spreading=spreading,
                resume=resume,
            )
    return CONFORMS if found.conforms else FAILS


def _failed(report: Path, *others: tuple[str, ...]) -> Failed:
    """Return what did not conform in a report; nothing else may say what to run."""
    from attnspec.conformance.reports.restored import failed_in

    if any(others):
        message = (
            "only-failed: expected in place of --only and --dtype, not beside them"
        )
        raise click.UsageError(message)
    return failed_in(report)


__all__ = ["check"]
