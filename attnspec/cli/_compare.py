"""The command that compares two reports."""

from __future__ import annotations

from pathlib import Path

import click

from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS


@click.command(short_help="Compare two reports.")
@click.argument("before", type=options.FILE, metavar="BEFORE")
@click.argument("after", type=options.FILE, metavar="AFTER")
def compare(before: Path, after: Path) -> int:
    """Say what has changed from the report BEFORE to the report AFTER.

    The exit code is 0 if every law has the same verdict and the same finding in both,
    1 if one has not, and 2 if a file is no report.
    """
    from attnspec.conformance.reports.comparing import compared

    found = compared(before, after)
    click.echo(str(found))
    return FAILS if found.changes else CONFORMS


__all__ = ["compare"]
