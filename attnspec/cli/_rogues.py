"""The command that puts the wrong kernels before a judge: ours, or somebody else's."""

from __future__ import annotations

import click

from attnspec.cli._root import CONFORMS


@click.command()
def rogues() -> int:
    """Put every rogue and control before the judge."""
    return CONFORMS


__all__ = ["rogues"]
