"""The command line. All that it does, functions of `attnspec` do as well."""

from __future__ import annotations

import click

from attnspec.cli._again import replay
from attnspec.cli._campaign import campaign
from attnspec.cli._check import check
from attnspec.cli._compare import compare
from attnspec.cli._describe import describe
from attnspec.cli._include import include
from attnspec.cli._lists import faces, invariants, kinds, targets
from attnspec.cli._rogues import rogues
from attnspec.cli._root import Root


@click.group(cls=Root, invoke_without_command=True)
@click.version_option(package_name="attnspec", message="attnspec %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Judge kernels by what attention is, with derived error bounds.

    A TARGET is an adapter (torch, or torch:math for one of its variants), a
    function of a module (mypkg.kernels:flash) or of a file (path/file.py:flash).
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


_COMMANDS = (
    *(check, describe, invariants, kinds, faces, rogues, targets, replay),
    *(compare, campaign, include),
)

for command in _COMMANDS:
    main.add_command(command)

__all__ = ["main"]
