"""What a function of a kind is called with and gives back, as data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final

from attnspec._typing import Range

ANY: Final = Range("any number", lambda _: True)
"""Infinities and NaN as well."""

FINITE: Final = Range("finite", math.isfinite)
"""Any number that is neither infinite nor NaN."""

COUNT: Final = Range("0 or more", lambda number: number >= 0)
"""How many there are; there may be none."""

SIZE: Final = Range("1 or more", lambda number: number >= 1)
"""How many there are, and there is at least one."""

POSITIVE: Final = Range("finite, more than 0", lambda number: 0 < number < math.inf)
"""A number to divide by."""

BELOW_INFINITY: Final = Range("less than infinity", lambda number: number < math.inf)
"""A score: minus infinity hides."""

SHARE: Final = Range("0 to 1", lambda number: 0 <= number <= 1)
"""A share of a whole."""

TRUTH: Final = Range("True or False", lambda number: number in {0, 1})
"""A flag, or an array of them."""

JUDGED: Final = "judged format"
"""The format in which a function is judged."""

FLOATING: Final = "floating point"
"""Any floating-point format."""


@dataclasses.dataclass(frozen=True)
class Argument:
    """What an operand, an option or a result is.

    Parameters
    ----------
    shape
        The letters of its axes with blanks between them, as in `attnspec._axes`;
        empty if it is one number or word.
    meaning
        What it means.
    values
        Which numbers it may hold.
    dtype
        Its format, or of what is no array its type in Python.
    known_as
        Other names that it has in the field.
    broadcasts
        Whether it may have fewer or shorter axes, and broadcasts to its shape.
    """

    shape: str
    meaning: str
    values: Range = FINITE
    dtype: str = JUDGED
    known_as: tuple[str, ...] = ()
    broadcasts: bool = False

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its axes."""
        return tuple(self.shape.split())

    @property
    def form(self) -> str:
        """Its shape as it is written; nothing if it is one number or word.

        Examples
        --------
        >>> Argument("*batch L E", "vectors").form
        '(*batch, L, E)'
        >>> Argument("L S", "a mask", broadcasts=True).form
        'broadcasts to (L, S)'
        """
        if not self.shape:
            return ""
        end = "," if len(self.letters) == 1 else ""
        written = f"({', '.join(self.letters)}{end})"
        return f"broadcasts to {written}" if self.broadcasts else written


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a function of a kind is called with, and what it gives back.

    Parameters
    ----------
    arguments
        Its operands and options by name.
    results
        What comes back, in this order.
    example
        The fields of a recipe for an example that is small enough to be read.
    axes
        The letters of axes that stand for something else than in other kinds.
    """

    arguments: Mapping[str, Argument] = dataclasses.field(default_factory=dict)
    results: Mapping[str, Argument] = dataclasses.field(default_factory=dict)
    example: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    axes: Mapping[str, str] = dataclasses.field(default_factory=dict)


def whole(
    meaning: str, values: Range = COUNT, known_as: tuple[str, ...] = ()
) -> Argument:
    """Return an argument that is one whole number."""
    return Argument("", meaning, values, "int", known_as)


def number(
    meaning: str, values: Range = FINITE, known_as: tuple[str, ...] = ()
) -> Argument:
    """Return an argument that is one number."""
    return Argument("", meaning, values, "float", known_as)


def flag(meaning: str, known_as: tuple[str, ...] = ()) -> Argument:
    """Return an argument that is True or False."""
    return Argument("", meaning, TRUTH, "bool", known_as)


def mask(
    shape: str, meaning: str = "True where a query sees a key", *known_as: str
) -> Argument:
    """Return an argument that is a boolean array, and broadcasts to a shape."""
    return Argument(shape, meaning, TRUTH, "bool", known_as, broadcasts=True)


__all__ = [
    "ANY",
    "BELOW_INFINITY",
    "COUNT",
    "FINITE",
    "FLOATING",
    "JUDGED",
    "POSITIVE",
    "SHARE",
    "SIZE",
    "TRUTH",
    "Argument",
    "Usage",
    "flag",
    "mask",
    "number",
    "whole",
]
