"""Names out of a registry on the command line; near misses are recognized."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import click

Names = Callable[[], Iterable[str]]
"""Loads the registry, once a name has to be looked up."""

Callback = Callable[[click.Context, click.Parameter, Any], Any]

_LISTED = 24
"""The most names that an error message lists."""


def known(names: Names, listing: str = "") -> Callback:
    """Return a callback of click that rejects names that do not exist.

    A parameter that may be given more than once loses its duplicates. `listing`
    is the command that lists the names where they are too many for a message.
    """

    def check(
        context: click.Context, parameter: click.Parameter, value: str | tuple[str, ...]
    ) -> str | tuple[str, ...] | None:
        if isinstance(value, str):
            _look_up(value, names, listing, context, parameter)
        elif value:
            value = tuple(dict.fromkeys(value))
            for name in value:
                _look_up(name, names, listing, context, parameter)
        return value

    return check


def _look_up(
    name: str,
    names: Names,
    listing: str,
    context: click.Context,
    parameter: click.Parameter,
) -> None:
    """Raise unless a name exists, and say which one is close."""
    if name in names():  # Of a registry, no more is imported than has the name.
        return
    every = list(dict.fromkeys(names()))
    close = difflib.get_close_matches(name, every, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    rule = f"expected one of {', '.join(every)}"
    if len(every) > _LISTED:
        rule = f"expected an id that '{listing}' lists"
    message = f"{rule}; got {name!r}{hint}"
    raise click.BadParameter(message, context, parameter)


def invariants() -> Iterable[str]:
    """Return the ids of the invariants."""
    from attnspec.kinds.registry import INVARIANTS

    return INVARIANTS


def claims() -> Iterable[str]:
    """Return the names of the capabilities, of any kind."""
    from attnspec.kinds.registry import KINDS

    return (name for kind in KINDS.values() for name in kind.vocabulary)


def kinds() -> Iterable[str]:
    """Return the kinds of functions."""
    from attnspec.kinds.registry import KINDS

    return KINDS


def faces() -> Iterable[str]:
    """Return the ways in which functions are called."""
    from attnspec.faces import FACES, OF_KINDS

    return (*FACES, *OF_KINDS)


def libraries() -> Iterable[str]:
    """Return the libraries whose arrays a function can take."""
    from attnspec.conformance.libraries import LIBRARIES

    return LIBRARIES


def dtypes() -> Iterable[str]:
    """Return the names of the formats."""
    from attnspec.numerics.dtypes import DTYPES

    return DTYPES


def tiers() -> Iterable[str]:
    """Return the names of the tiers."""
    from attnspec.judge.tiers import TIERS

    return TIERS


INVARIANT = known(invariants, "attnspec invariants")
CLAIM = known(claims, "attnspec kinds KIND")
DTYPE = known(dtypes)
TIER = known(tiers)
KIND = known(kinds, "attnspec kinds")
ARRAYS = known(libraries)
FACE = known(faces, "attnspec faces")

__all__ = [
    "ARRAYS",
    "CLAIM",
    "DTYPE",
    "FACE",
    "INVARIANT",
    "KIND",
    "TIER",
    "Callback",
    "claims",
    "dtypes",
    "faces",
    "invariants",
    "kinds",
    "known",
    "libraries",
    "tiers",
]
