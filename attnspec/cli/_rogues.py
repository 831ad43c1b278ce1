"""The command that puts the wrong kernels before a judge: ours, or somebody else's."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from attnspec.cli import _interrupts
from attnspec.cli import _options as options
from attnspec.cli._names import KIND, known
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.rogues._table import Matrix, Row


def _ids() -> Iterable[str]:
    from attnspec.rogues import CONTROLS, ROGUES

    return (*ROGUES, *CONTROLS)


@click.command()
@click.option(
    "--checker",
    metavar="MODULE:FUNCTION",
    help="Measure this checker instead: it gets a kernel, and rejects it by False "
    "or an exception.",
)
@click.option(
    "--rules",
    is_flag=True,
    help="Count what the rules catch and refuse by which kernels are usually judged, "
    "allclose and others, beside this judge; attention alone.",
)
@click.option(
    "--kind",
    callback=KIND,
    metavar="KIND",
    help="What kind of function; every kind by default, attention for a checker.",
)
@options.several(
    *("only", "only", "ID", known(_ids, "attnspec rogues")),
    "A rogue or control; all by default.",
)
@click.option(
    "--named",
    is_flag=True,
    help="Show a rogue to the invariant that it names alone; this takes half the time.",
)
@click.option(
    "--in-turn",
    is_flag=True,
    help="Show a control to every sixth invariant, to each in one of its formats; "
    "other seeds go on with the others.",
)
@options.tier("smoke", "How much the invariants look at that a rogue does not name.")
@options.SEED
@options.seeds("How many seeds in a row to try.")
@click.option(
    "--csv",
    type=options.FILE,
    metavar="FILE",
    help="Write every verdict of every invariant, too.",
)
def rogues(
    *,
    checker: str | None,
    rules: bool,
    kind: str | None,
    only: tuple[str, ...],
    named: bool,
    in_turn: bool,
    tier: str,
    seed: int,
    seeds: int,
    csv: Path | None,
) -> int:
    """Put every rogue and control before the judge.

    A rogue is a deliberately wrong kernel, a control an unusual but right one. The
    exit code is 0 if every rogue is caught and every control accepted, else 1.
    """
    from attnspec.conformance.reports import check_files
    from attnspec.rogues.matrix import kill_matrix

    check_files(csv=csv)
    if rules:
        _attention_alone(checker, kind)
    # A checker may lie in the current folder, as a target of check may.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - sys.path holds texts
    with _progress() as progress:
        matrix = kill_matrix(
            range(seed, seed + seeds),
            rogues=only or None,
            kind="attention" if rules else kind,
            named=named or rules,
            in_turn=in_turn,
            tier=tier,
            checker=checker,
            progress=progress,
        )
    if rules:
        text, rows = _scores(matrix, only)
    else:
        text, rows = matrix.text(), matrix.csv()
    click.echo(text)
    if csv is not None:
        _write(csv, rows)
    return CONFORMS if matrix.holds else FAILS


def _attention_alone(checker: str | None, kind: str | None) -> None:
    """Reject what has no meaning beside the rules."""
    if checker is not None:
        message = f"rules: expected no checker beside them, got {checker!r}"
        raise click.UsageError(message)
    if kind not in (None, "attention"):
        message = f"rules: expected the kind attention, got {kind!r}"
        raise click.UsageError(message)


def _scores(matrix: Matrix, only: tuple[str, ...]) -> tuple[str, str]:
    """Return the table of the rules and of this judge, as text and as CSV."""
    from attnspec.rogues.rules import as_csv, score_of, scores, table

    found = (*scores(only or None), score_of(matrix))
    return table(found), as_csv(found)


class _Progress:
    """Says how far a run has come, on a line of its own."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    def __call__(self, done: int, total: int, row: Row) -> None:
        _interrupts.check()
        if self._shown:
            click.echo(f"\r{done} of {total}  {row.id:<40}", nl=False, err=True)


@contextlib.contextmanager
def _progress() -> Iterator[_Progress]:
    """Show progress on a terminal, and wipe it away at the end."""
    shown = sys.stderr.isatty()
    try:
        yield _Progress(shown=shown)
    finally:
        if shown:
            click.echo(f"\r{'':60}\r", nl=False, err=True)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        message = f"csv: {path} cannot be written ({error.strerror})"
        raise click.UsageError(message) from error


__all__ = ["rogues"]
