"""Shapes in the letters of axes: ``*batch L E``, and what a letter stands for.

``*batch`` is any number of axes, ``#S`` is S or 1, ``_`` is any length and ``...`` any
shape; ``E+F`` is the sum of two, and a number is itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Axes = dict[str, Any]
"""The length of each letter, and the lengths of each group of axes."""

Shape = tuple[int, ...]


def matched(shape: Shape, letters: tuple[str, ...], axes: Axes) -> Axes | None:
    """Return the axes with those of one more shape; nothing if it does not fit.

    Examples
    --------
    >>> matched((2, 3), ("*batch", "E"), {"E": 3})
    {'E': 3, '*batch': (2,)}
    >>> matched((2, 3), ("*batch", "E"), {"E": 4})
    """
    if letters == ("...",):
        return axes
    found = dict(axes)
    group = next((k for k, letter in enumerate(letters) if letter[0] == "*"), None)
    if group is None:
        fits = len(shape) == len(letters)
    else:
        after = len(shape) - (len(letters) - group - 1)
        fits = group <= after and _fits_group(shape[group:after], letters[group], found)
        shape = shape[:group] + shape[max(after, 0) :]
        letters = letters[:group] + letters[group + 1 :]
    if not fits:
        return None
    single = zip(letters, shape, strict=True)
    return found if all(_fits(n, letter, found) for letter, n in single) else None


def in_numbers(letters: tuple[str, ...], axes: Axes) -> str:
    """Return a shape in words, with numbers for the letters that are known.

    Examples
    --------
    >>> in_numbers(("*batch", "L", "E"), {"*batch": (2, 3), "E": 8})
    '(2, 3, L, 8)'
    """
    words: list[str] = []
    for letter in letters:
        name = letter.replace("#", "")
        if name[0] == "*":
            words += map(str, axes.get(name, ("...",)))
        else:
            known = _length(name, axes)
            words.append(name if known is None else str(known))
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"


def _length(name: str, axes: Axes) -> int | None:
    """Return the length of a letter, or of a sum of letters, if it is known."""
    if "+" not in name:
        return int(name) if name.isdecimal() else axes.get(name)
    parts = [_length(part, axes) for part in name.split("+")]
    return None if None in parts else sum(filter(None, parts))


def _fits(length: int, letter: str, axes: Axes) -> bool:
    """Say whether an axis has the length of its letter; a new letter takes it."""
    name = letter.removeprefix("#")
    known = _length(name, axes)
    if known is None:
        if letter == name != "_":
            axes[name] = length
        return True
    return length == known or (letter != name and length == 1)


def _fits_group(shape: Shape, letter: str, axes: Axes) -> bool:
    """Say whether axes are those of their group; a new group takes them."""
    name = letter.replace("#", "")
    if name == letter:
        return axes.setdefault(name, shape) == shape
    known = axes.get(name, shape)
    try:
        return shape == known or np.broadcast_shapes(shape, known) == known
    except ValueError:
        return False


__all__ = ["Axes", "Shape", "in_numbers", "matched"]
