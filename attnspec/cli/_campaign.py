"""The command that judges many kernels with many seeds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli import _interrupts
from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.conformance.campaigns import Run, Summary
    from attnspec.conformance.reports import StoredReport


@click.command(short_help="Judge many kernels with many seeds.")
@click.argument("targets", nargs=-1, metavar="[TARGET]...", callback=options.each_given)
@options.KIND
@options.DTYPES
@options.kernel
@options.ONLY
@options.tier("standard", "How much to look at: smoke, standard or thorough.")
@options.SEED
@options.seeds("How many seeds in a row to try, from --seed on.")
@click.option(
    "--report",
    "folder",
    type=options.FOLDER,
    required=True,
    metavar="DIR",
    help="Where the reports are; those that are finished are kept.",
)
@options.JOBS
@options.SCHEDULER
def campaign(
    targets: tuple[str, ...],
    *,
    deadline: float,
    only: tuple[str, ...],
    tier: str,
    seed: int,
    seeds: int,
    folder: Path,
    jobs: int | None,
    scheduler: str | None,
    dtypes: tuple[str, ...],
    **asked: Any,
) -> int:
    """Judge each TARGET with each of several seeds, and sum all of it up.

    Each run has its report in DIR. A campaign that was interrupted goes on where it
    was when it is asked for again. The summary is printed, and is summary.csv in DIR.

    The exit code is 0 if all conform, 1 if one does not, and 2 if the request is
    wrong.
    """
    from attnspec.conformance.campaigns import campaign as judged
    from attnspec.conformance.campaigns import runs_of
    from attnspec.conformance.reports import check_files

    where = folder / "summary.csv"
    if folder.exists():
        check_files(summary=where)
    wanted = {**asked, "dtypes": dtypes}
    names = targets or ("",)
    requests = [options.requested({**wanted, "target": name}) for name in names]
    runs = runs_of(requests, range(seed, seed + seeds), folder)

    def progress(run: Run, report: StoredReport) -> None:
        said = "conforms" if report.conforms else "does not conform"
        click.echo(f"{run.title}  seed {run.seed}  {said}")

    found = judged(
        runs,
        jobs=jobs,
        scheduler=scheduler,
        deadline=deadline,
        interrupted=_interrupts.check,
        progress=progress,
        dtypes=dtypes,
        only=only,
        tier=tier,
    )
    _print(found)
    _write(found, where)
    return CONFORMS if found.conforms else FAILS


_COLUMNS = ("target", "seeds", "law", "dtype", "verdict", "failed", "first", "token")


def _rows(found: Summary) -> list[tuple[str, ...]]:
    """Return a row for each law that a kernel fails, and one for one that conforms."""
    rows: list[tuple[str, ...]] = []
    for target, laws in found.laws.items():
        failures = [f for f in found.failures if f.target == target]
        seeds = str(found.seeds)
        if not failures:
            rows.append((target, seeds, f"all {laws} hold", "", "", "0", "", ""))
        rows += [
            (
                *(target, seeds, f.invariant, f.dtype, f.verdict),
                *(str(len(f.seeds)), str(f.seeds[0]), f.token),
            )
            for f in failures
        ]
    return rows


def _write(found: Summary, path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_COLUMNS, *_rows(found)])
    except OSError as error:
        message = f"summary: {path} cannot be written ({error.strerror})"
        raise click.UsageError(message) from error


def _print(found: Summary) -> None:
    """Print the table, each token on a line of its own: it is long."""
    rows = [_COLUMNS, *_rows(found)]
    widths = [max(len(row[place]) for row in rows) for place in range(7)]
    click.echo()
    for row in rows:
        cells = zip(row[:7], widths, strict=True)
        click.echo("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
        if row[7] and row is not _COLUMNS:
            click.echo(f"  {row[7]}")


__all__ = ["campaign"]
