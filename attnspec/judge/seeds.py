"""Seeds: a number that repeats a run, or one that nobody knows before it."""

from __future__ import annotations

import secrets

from attnspec.exceptions import InvalidArgument

RANDOM = "random"
"""The word for a seed that the operating system draws."""

Seed = int | str
"""A seed as it is asked for: a whole number, or `RANDOM`."""


def seed_of(asked: Seed) -> int:
    """Return the seed that is asked for; a random one is another every time.

    Raises
    ------
    InvalidArgument
        If it is neither a whole number nor the word ``random``.

    Examples
    --------
    >>> seed_of(3), seed_of("3")
    (3, 3)
    """
    if asked == RANDOM:
        return secrets.randbelow(2**32)
    try:
        return int(asked) if isinstance(asked, str) else asked.__index__()
    except (ValueError, AttributeError) as error:
        msg = f"seed: expected a whole number or {RANDOM!r}; got {asked!r}"
        raise InvalidArgument(msg) from error


__all__ = ["RANDOM", "Seed", "seed_of"]
