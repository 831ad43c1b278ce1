"""What a signature cannot say of arguments: how one follows from the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.exceptions import InvalidArgument


def check_broadcast(
    name: str, array: npt.NDArray[Any] | None, shape: tuple[Any, ...]
) -> None:
    """Demand an array that broadcasts to a shape and does not enlarge it."""
    if array is None:
        return
    if shape[:1] == (...,):
        shape = (*array.shape[: 1 - len(shape)], *shape[1:])
    if not _broadcasts(array.shape, shape):
        msg = f"{name}: expected a shape that broadcasts to {shape}, got {array.shape}"
        raise InvalidArgument(msg)


def _broadcasts(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Say whether arrays of a shape broadcast to the whole one."""
    try:
        return np.broadcast_shapes(shape, whole) == whole
    except ValueError:
        return False


def check_together(name: str, *arrays: npt.NDArray[Any]) -> None:
    """Demand arrays that broadcast against each other."""
    shapes = [array.shape for array in arrays]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError as error:
        listed = ", ".join(map(str, shapes))
        msg = f"{name}: expected shapes that broadcast, got {listed}"
        raise InvalidArgument(msg) from error


def check_least(name: str, number: int, least: int) -> None:
    """Demand a number that is not too small."""
    if number < least:
        msg = f"{name}: expected {least} or more, got {number}"
        raise InvalidArgument(msg)


def check_multiple(name: str, what: str, number: int, of: int) -> None:
    """Demand a multiple of a number; of 0 there is none but 0."""
    if number % of if of else number:
        msg = f"{name}: expected a multiple of {of} {what}, got {number}"
        raise InvalidArgument(msg)


def check_places(name: str, places: npt.NDArray[Any], count: int) -> None:
    """Demand places in a row of so many."""
    outside = places[(places < 0) | (places >= count)]
    if outside.size:
        msg = f"{name}: expected 0 to {count - 1}, got {outside.flat[0]}"
        raise InvalidArgument(msg)


__all__ = [
    "check_broadcast",
    "check_least",
    "check_multiple",
    "check_places",
    "check_together",
]
