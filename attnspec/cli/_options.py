"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from attnspec.cli import _names as names

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_WEEK = 604_800


def several(
    name: str, plural: str, metavar: str, callback: names.Callback, text: str
) -> Decorator:
    """Return an option that may be given more than once; order is kept."""
    return click.option(
        f"--{name}",
        plural,
        multiple=True,
        metavar=metavar,
        callback=callback,
        help=f"{text} May be given more than once.",
    )


def _seconds(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """Return a deadline that can be waited for, which no infinite one can."""
    if not 0.0 < value <= _WEEK:
        message = f"expected seconds above 0, up to {_WEEK:,}; got {value:g}"
        raise click.BadParameter(message)
    return value


def tier(default: str, text: str) -> Decorator:
    """Return the option that says how much to look at."""
    return click.option(
        "--tier",
        callback=names.TIER,
        default=default,
        show_default=True,
        metavar="TIER",
        help=text,
    )


DTYPES = several(
    *("dtype", "dtypes", "DTYPE", names.DTYPE),
    "A format to judge; all claimed ones by default.",
)
CLAIMS = several(
    *("claim", "claims", "CLAIM", names.CLAIM),
    "A capability beyond those of the signature.",
)
WITHOUT = several(
    *("without", "without", "CLAIM", names.CLAIM),
    "A capability of the signature not to claim.",
)
ONLY = several(
    *("only", "only", "ID", names.INVARIANT),
    "An invariant; all by default.",
)
SEED = click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Where the examples are drawn from.",
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
    "SEED",
    "WITHOUT",
    "several",
    "tier",
]
