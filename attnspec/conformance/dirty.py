"""Free memory full of NaN: what a function reads and has not written shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Expected

NAN_BYTE = 0xFF
"""A byte of NaN, whatever the format."""


def dirty(sizes: Iterable[int]) -> None:
    """Leave free memory of so many bytes each full of NaN, where NumPy finds it."""
    _ = [np.full(size, NAN_BYTE, np.uint8) for size in sizes]


def sizes_in(values: Iterable[Any]) -> Iterator[int]:
    """Yield the bytes of each array, and of one like it with twice as many."""
    for value in values:
        if isinstance(value, np.ndarray):
            yield from (value.nbytes, 2 * value.nbytes)


def sizes_of(results: Iterable[Expected]) -> Iterator[int]:
    """Yield the bytes of each result, in formats of 2, 4 and 8 bytes."""
    for _, shape, _ in results:
        yield from (item * math.prod(shape) for item in (2, 4, 8))


__all__ = ["NAN_BYTE", "dirty", "sizes_in", "sizes_of"]
