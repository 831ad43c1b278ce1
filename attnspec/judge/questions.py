"""How it is found out by calls which choice of its dialect a function makes."""

from __future__ import annotations

from collections.abc import Callable

from attnspec.judge.case import Case, Result
from attnspec.judge.claims import Capabilities

Call = Callable[[Case], Result]
"""A way to call the function."""

Question = Callable[[Call, Capabilities, str], str | None]
"""Finds out by calls in a format which choice a function makes, if that shows."""


class Nearest(str):
    """A choice that a function does not make, but comes nearer to than to others."""

    __slots__ = ()


__all__ = ["Call", "Nearest", "Question"]
