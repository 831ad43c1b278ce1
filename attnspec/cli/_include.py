"""The command that a compiler is called with."""

from __future__ import annotations

import click

from attnspec.cli._root import CONFORMS


@click.command()
def include() -> int:
    """Print the folder of attnspec.h, for programs in C.

    cc -O2 -I "$(attnspec include)" flash.c -o flash -lm
    """
    from attnspec.conformance.include import get_include

    click.echo(get_include())
    return CONFORMS


__all__ = ["include"]
