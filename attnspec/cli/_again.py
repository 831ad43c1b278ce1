"""The command that sees a finding again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attnspec.cli import _options as options
from attnspec.cli._root import CONFORMS, FAILS

if TYPE_CHECKING:
    from attnspec.conformance.replay import Replayed
    from attnspec.judge.tokens import Token

_PRINTED = Path("-")
"""The file that stands for standard output."""


@click.command(short_help="See a finding again.")
@click.argument("words", nargs=-1, metavar="[TARGET] TOKEN")
@options.kernel
@click.option("--show", is_flag=True, help="Print the arrays of the call.")
@click.option(
    "--script",
    type=options.FILE,
    metavar="FILE",
    help="Write a script in NumPy alone that shows the fault; '-' prints it.",
)
def replay(
    words: tuple[str, ...],
    *,
    deadline: float,
    show: bool,
    script: Path | None,
    **asked: Any,
) -> int:
    """See a finding again: make the case of TOKEN, and put TARGET before it.

    The exit code is 1 if the finding is reproduced, or another one is made of the
    same case, and 0 if the law holds.
    """
    from attnspec.conformance.differentiation import CLAIM, VJP
    from attnspec.conformance.facing import check_script
    from attnspec.conformance.inputs import read_token
    from attnspec.conformance.replay import replay as again
    from attnspec.conformance.reports import Replay, check_files, failure_lines
    from attnspec.conformance.reports.arrays import witness_lines
    from attnspec.conformance.targets import open_target
    from attnspec.judge.manner import differences
    from attnspec.kinds.registry import GRADIENT_KINDS

    *target, token = _target_and_token(words, asked["program"])
    known = read_token(token)
    known.verify()
    printed = script == _PRINTED
    check_files(script=None if printed else script)
    # The laws of gradients are those of a kernel that claims them.
    kernels = {backward: kind for kind, backward in GRADIENT_KINDS.items()}
    kind = known.law.kind
    if CLAIM in asked["claims"]:
        kind = kernels.get(kind, kind)
    own = {"kind": kind, "dtypes": (known.recipe.dtype,)}
    request = options.requested({**asked, **own, "target": "".join(target)})
    of_kernel = kind != known.law.kind
    with open_target(request, deadline=deadline) as (call, described):
        if script is not None:
            check_script(described, backward=of_kernel)
        found = again(call, described, known)
    for name, there, here in differences(known.manner, described.manner):
        message = f"attnspec: {name} was {there} where the finding was made, and is"
        click.echo(f"{message} {here} here", err=True)
    if found is None:
        click.echo(f"not reproduced: {known.law.id} holds ({known.recipe.dtype})")
        return CONFORMS
    outcome = found.outcome
    said = "reproduced"
    message = outcome.finding.message if outcome.finding else ""
    if not known.is_seen_in(outcome.verdict, message):
        before = " ".join(filter(None, (known.verdict, known.error)))
        said = f"not reproduced, but another finding: it was {before}"
    lines = [said, *failure_lines(outcome, Replay(request.replayed()))]
    if show and found.witness is not None:
        lines += ["", *witness_lines(found.witness)]
    if not printed:
        click.echo("\n".join(lines))
    if script is not None:
        name = f"{request.target}{VJP}" if of_kernel else request.target
        _write_script(script, found, known, name)
    return FAILS


def _write_script(file: Path, found: Replayed, known: Token, target: str) -> None:
    """Write the script that shows a finding."""
    from attnspec.conformance.reports.findings import case_in_words
    from attnspec.conformance.script import script
    from attnspec.exceptions import InvalidArgument

    if found.witness is None:
        message = "script: the kernel was not called"
        raise InvalidArgument(message)
    finding = found.outcome.finding
    said = case_in_words(finding) if finding else ""
    text = script(found.witness, known.law, known.kind, found.dialect, target, said)
    if file == _PRINTED:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"script: {file} cannot be written ({error.strerror})"
        raise InvalidArgument(message) from error


def _target_and_token(words: tuple[str, ...], program: str | None) -> tuple[str, ...]:
    """Return the words that are given: a target, unless there is a program; a token."""
    expected = ("TOKEN",) if program else ("TARGET", "TOKEN")
    if len(words) != len(expected) or not all(words):
        message = f"TOKEN: expected {' and '.join(expected)}; got {' '.join(words)!r}"
        raise click.UsageError(message)
    return words


__all__ = ["replay"]
