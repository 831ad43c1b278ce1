"""The commands that look at one kernel again: at a finding, or at what it is."""

from __future__ import annotations

import click

from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS


@click.command(short_help="See a finding again.")
@click.argument("target")
@click.argument("token")
@options.ARRAYS
@options.CLAIMS
@options.WITHOUT
@options.DEADLINE
def replay(
    target: str,
    token: str,
    *,
    arrays: str,
    claims: tuple[str, ...],
    without: tuple[str, ...],
    deadline: float,
) -> int:
    """See a finding again: make the case of TOKEN, and put TARGET before it.

    The exit code is 1 if the finding is reproduced and 0 if it is not.
    """
    from attnspec.conformance.inputs import read_token
    from attnspec.conformance.replay import replay as again
    from attnspec.conformance.reports import Replay, failure_lines
    from attnspec.conformance.targets import Request, open_target

    known = read_token(token)
    known.verify()
    dtypes = (known.recipe.dtype,)
    request = Request(target, claims, dtypes, known.law.kind, arrays, without)
    with open_target(request, deadline=deadline) as (call, described):
        outcome = again(call, described, known)
    if outcome is None:
        click.echo(f"not reproduced: {known.law.id} holds ({known.recipe.dtype})")
        return CONFORMS
    lines = failure_lines(outcome, Replay(target, claims, arrays, without))
    click.echo("\n".join(["reproduced", *lines]))
    return FAILS


@click.command(short_help="Say what a kernel is: claims, dialect, precision.")
@click.argument("target", default="")
@options.KIND
@options.ARRAYS
@options.DTYPES
@options.CLAIMS
@options.WITHOUT
@options.DEADLINE
def describe(
    target: str,
    *,
    kind: str,
    arrays: str,
    dtypes: tuple[str, ...],
    claims: tuple[str, ...],
    without: tuple[str, ...],
    deadline: float,
) -> int:
    """Say what TARGET is: capabilities, dialect and effective precision.

    The dialect is found by probes, the precision by a small run of the invariant
    'agreement'.
    """
    from attnspec.conformance import judge
    from attnspec.conformance.reports import text
    from attnspec.conformance.targets import Request, open_target
    from attnspec.kinds.registry import kind_named

    request = Request(target, claims, dtypes, kind, arrays, without)
    with open_target(request, deadline=deadline) as (call, known):
        law = kind_named(known.kind).agreement
        report = judge(call, known, dtypes=dtypes, only=(law,), tier="smoke")
    click.echo("\n".join(text.description_lines(report, target or known.name)))
    return CONFORMS


__all__ = ["describe", "replay"]
