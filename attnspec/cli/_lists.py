"""The commands that list what there is."""

from __future__ import annotations

import click

from attnspec.cli._names import FACE, INVARIANT, KIND
from attnspec.cli._root import CONFORMS


@click.command()
@click.argument("invariant", required=False, metavar="[ID]", callback=INVARIANT)
def invariants(invariant: str | None) -> int:
    """List the invariants, or explain one."""
    from attnspec.conformance.reports import lists

    lines = lists.explained(invariant) if invariant else lists.listed()
    click.echo("\n".join(lines))
    return CONFORMS


@click.command()
@click.argument("kind", required=False, metavar="[KIND]", callback=KIND)
def kinds(kind: str | None) -> int:
    """List the kinds of functions that can be judged, or explain one."""
    from attnspec.conformance.reports import lists

    lines = lists.explained_kind(kind) if kind else lists.listed_kinds()
    click.echo("\n".join(lines))
    return CONFORMS


@click.command()
@click.argument("face", required=False, metavar="[ID]", callback=FACE)
def faces(face: str | None) -> int:
    """List the calling conventions that are known, or explain one."""
    from attnspec.conformance.reports import face_lists as lists

    lines = lists.explained(face) if face else lists.listed()
    click.echo("\n".join(lines))
    return CONFORMS


@click.command()
def targets() -> int:
    """List the adapters: installed, or how to install them."""
    from attnspec.conformance.libraries import known_targets
    from attnspec.conformance.reports import words

    for known in known_targets():
        state = "installed" if known.installed else known.install
        lines = [
            *words.wrapped(known.sentence, first=known.name),
            *words.wrapped(state),
        ]
        click.echo("\n".join(lines))
    return CONFORMS


__all__ = ["faces", "invariants", "kinds", "targets"]
