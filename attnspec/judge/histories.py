"""A history as a field of a recipe: a row of steps, each a word and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

History = tuple[tuple[Any, ...], ...]
"""Steps, one behind the other."""


def length(history: History) -> int:
    """Return how hard a history is to read: its steps first, then their numbers.

    Examples
    --------
    >>> length((("append", 3), ("back", 1)))
    204
    """
    return sum(100 + sum(abs(n) for n in _numbers(step)) for step in history)


def shorter(history: History) -> Iterator[History]:
    """Yield histories of fewer steps, the shortest first, or of smaller numbers.

    Examples
    --------
    >>> [*shorter((("append", 3), ("back", 1)))]
    [(), (('back', 1),), (('append', 3),), (('append', 1), ('back', 1))]
    """
    steps = len(history)
    size = steps
    while size:
        for start in range(0, steps, size):
            yield history[:start] + history[start + size :]
        size //= 2
    for at, step in enumerate(history):
        least = tuple(1 if type(n) is int and n > 1 else n for n in step)
        if least != step:
            yield (*history[:at], least, *history[at + 1 :])


def _numbers(step: tuple[Any, ...]) -> list[int]:
    return [n for n in step if type(n) is int]


__all__ = ["History", "length", "shorter"]
