"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from attnspec.cli import _names as names

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_WEEK = 604_800


def _several(name: str, callback: names.Callback, text: str) -> Decorator:
    """Return an option that may be given more than once; order is kept."""
    return click.option(
        f"--{name}",
        f"{name}s",
        multiple=True,
        metavar=name.upper(),
        callback=callback,
        help=f"{text} May be given more than once.",
    )


def _seconds(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """Return a deadline that can be waited for, which no infinite one can."""
    if not 0.0 < value <= _WEEK:
        message = f"expected seconds above 0, up to {_WEEK:,}; got {value:g}"
        raise click.BadParameter(message)
    return value


DTYPES = _several(
    "dtype", names.DTYPE, "A format to judge; all claimed ones by default."
)
CLAIMS = _several("claim", names.CLAIM, "A capability beyond those of the signature.")
WITHOUT = click.option(
    "--without",
    "without",
    multiple=True,
    metavar="CLAIM",
    callback=names.CLAIM,
    help="A capability of the signature not to claim. May be given more than once.",
)
ONLY = click.option(
    "--only",
    "only",
    multiple=True,
    metavar="ID",
    callback=names.INVARIANT,
    help="An invariant; all by default. May be given more than once.",
)
KIND = click.option(
    "--kind",
    default="attention",
    show_default=True,
    metavar="KIND",
    callback=names.KIND,
    help="What TARGET is; 'attnspec kinds' lists them.",
)
ARRAYS = click.option(
    "--arrays",
    default="numpy",
    show_default=True,
    metavar="LIBRARY",
    callback=names.ARRAYS,
    help="Whose arrays TARGET takes: numpy, torch or jax.",
)
DEADLINE = click.option(
    "--deadline",
    type=float,
    callback=_seconds,
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="When a call has timed out; the first call of a process has three times that.",
)


__all__ = [
    "ARRAYS",
    "CLAIMS",
    "DEADLINE",
    "DTYPES",
    "KIND",
    "ONLY",
    "WITHOUT",
]
