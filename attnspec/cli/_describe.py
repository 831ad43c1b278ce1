"""The command that says what a kernel is, and how two of them differ."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli import _interrupts
from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS

if TYPE_CHECKING:
    from attnspec.conformance.describe import Portrait
    from attnspec.judge.bench import Executor
    from attnspec.judge.description import Description
    from attnspec.judge.verdicts import Report


@click.command(short_help="Say what a kernel is, or how two differ.")
@click.argument("targets", nargs=-1, metavar="[TARGET] [OTHER]")
@options.KIND
@options.DTYPES
@options.kernel
def describe(*, targets: tuple[str, ...], deadline: float, **asked: Any) -> int:
    """Say what TARGET is: capabilities, dialect and effective precision.

    The dialect is found by probes, and the precision by calls that tell apart what a
    kernel may round. With OTHER, say how the two differ, and which laws break where
    OTHER takes the place of TARGET.
    """
    from attnspec.conformance import portraits
    from attnspec.conformance.describe import check_one_kind
    from attnspec.conformance.targets import open_target

    named = (None,) if asked["program"] else ()
    wanted = (*named, *targets) or (None,)
    if len(wanted) > 2 or "" in wanted:
        message = f"TARGET: expected one kernel, or two; got {' '.join(targets)!r}"
        raise click.UsageError(message)
    lines: list[str] = []
    seen = []
    with contextlib.ExitStack() as stack:
        opened = []
        for target in wanted:
            program = None if target else asked["program"]
            own = {**asked, "target": target, "program": program}
            request = options.requested(own)
            kernel = stack.enter_context(open_target(request, deadline=deadline))
            opened.append((request.title, *kernel))
        check_one_kind(*(known for _, _, known in opened))
        for title, call, known in opened:
            found = _looked_at(call, known, asked["dtypes"], judged=len(wanted) > 1)
            lines += [*portraits.portrait_lines(found[0], title or known.name), ""]
            seen.append((title or known.name, *found))
    if len(seen) > 1:
        lines += _compared(*seen)
    click.echo("\n".join(lines).rstrip("\n"))
    return CONFORMS


_Seen = tuple[str, "Portrait", "Report | None"]


def _looked_at(
    call: Executor, known: Description, dtypes: tuple[str, ...], *, judged: bool
) -> tuple[Portrait, Report | None]:
    """Return what a kernel is, and its report if that is needed."""
    from attnspec.conformance import judge
    from attnspec.conformance.describe import portrait

    found = portrait(call, known, dtypes=dtypes, progress=_tick)
    if not judged:
        return found, None
    report = judge(call, known, tier="smoke", dtypes=dtypes, progress=_tick)
    return found, report


def _tick(_dtype: str, _invariant: str) -> None:
    _interrupts.check()


def _compared(one: _Seen, other: _Seen) -> list[str]:
    """Return how two kernels differ, and what breaks."""
    from attnspec.conformance import portraits
    from attnspec.conformance.describe import differences

    broken: list[str] = []
    if one[2] is not None and other[2] is not None:
        broken = portraits.newly_broken(one[2], other[2])
    found = differences(one[1], other[1])
    return portraits.difference_lines((one[0], other[0]), found, broken)


__all__ = ["describe"]
