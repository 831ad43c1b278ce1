"""What a function's signature says of how it can be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any

from attnspec.exceptions import InvalidArgument


def keywords_of(
    function: Callable[..., Any],
    operands: Collection[str],
    options: Collection[str],
    face: str,
) -> Iterator[str]:
    """Yield the keywords of a function that is called in a certain way.

    Parameters
    ----------
    function
        What somebody hands in.
    operands
        The positional arguments that it gets.
    options
        The keywords that it may be given.
    face
        How it is called, for an error.

    Raises
    ------
    InvalidArgument
        If it is no function, or cannot be called so.
    """
    if not callable(function):
        msg = f"target: expected a function, got {type(function).__name__}"
        raise InvalidArgument(msg)
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        msg = f"target: the signature of {function!r} cannot be read ({error})"
        raise InvalidArgument(msg) from error
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    placed = [p for p in named if p.kind is not p.KEYWORD_ONLY]
    if len(placed) < len(operands) and not several:
        count = f"{len(placed)} argument{'s' * (len(placed) != 1)}"
        msg = (
            f"target: expected {face}; it takes {count}; "
            "a function of another kind needs its kind"
        )
        raise InvalidArgument(msg)
    for parameter in named:
        if parameter in placed[: len(operands)]:
            continue
        if parameter.default is parameter.empty and parameter.name not in options:
            msg = f"target: expected {face}; {parameter.name!r} is required and unknown"
            raise InvalidArgument(msg)
        if parameter.kind is not parameter.POSITIONAL_ONLY:
            yield parameter.name


__all__ = ["keywords_of"]
