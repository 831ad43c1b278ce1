"""The commands that look at one kernel again: at a finding, or at what it is."""

from __future__ import annotations

from typing import Any

import click

from attnspec.cli import _interrupts
from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS


@click.command(short_help="See a finding again.")
@click.argument("words", nargs=-1, metavar="[TARGET] TOKEN")
@options.kernel
def replay(words: tuple[str, ...], *, deadline: float, **asked: Any) -> int:
    """See a finding again: make the case of TOKEN, and put TARGET before it.

    The exit code is 1 if the finding is reproduced, or another one is made of the
    same case, and 0 if the law holds.
    """
    from attnspec.conformance.inputs import read_token
    from attnspec.conformance.replay import replay as again
    from attnspec.conformance.reports import Replay, failure_lines
    from attnspec.conformance.targets import open_target

    *target, token = _target_and_token(words, asked["program"])
    known = read_token(token)
    known.verify()
    found = {"kind": known.law.kind, "dtypes": (known.recipe.dtype,)}
    request = options.requested({**asked, **found, "target": "".join(target)})
    with open_target(request, deadline=deadline) as (call, described):
        outcome = again(call, described, known)
    if outcome is None:
        click.echo(f"not reproduced: {known.law.id} holds ({known.recipe.dtype})")
        return CONFORMS
    said = "reproduced"
    message = outcome.finding.message if outcome.finding else ""
    if not known.is_seen_in(outcome.verdict, message):
        before = " ".join(filter(None, (known.verdict, known.error)))
        said = f"not reproduced, but another finding: it was {before}"
    lines = failure_lines(outcome, Replay(request.replayed()))
    click.echo("\n".join([said, *lines]))
    return FAILS


def _target_and_token(words: tuple[str, ...], program: str | None) -> tuple[str, ...]:
    """Return the words that are given: a target, unless there is a program; a token."""
    expected = ("TOKEN",) if program else ("TARGET", "TOKEN")
    if len(words) != len(expected) or not all(words):
        message = f"TOKEN: expected {' and '.join(expected)}; got {' '.join(words)!r}"
        raise click.UsageError(message)
    return words


@click.command(short_help="Say what a kernel is: claims, dialect, precision.")
@options.TARGET
@options.KIND
@options.DTYPES
@options.kernel
def describe(*, deadline: float, **asked: Any) -> int:
    """Say what TARGET is: capabilities, dialect and effective precision.

    The dialect is found by probes, the precision by a small run of the invariant
    'agreement'.
    """
    from attnspec.conformance import judge
    from attnspec.conformance.reports import text
    from attnspec.conformance.targets import open_target
    from attnspec.kinds.registry import kind_named

    request = options.requested(asked)
    with open_target(request, deadline=deadline) as (call, known):
        law = kind_named(known.kind).agreement
        report = judge(
            call,
            known,
            dtypes=asked["dtypes"],
            only=(law,),
            tier="smoke",
            progress=lambda *_: _interrupts.check(),
        )
    lines = text.description_lines(report, request.title or known.name)
    click.echo("\n".join(lines))
    return CONFORMS


__all__ = ["describe", "replay"]
