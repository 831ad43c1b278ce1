"""Names for the types that every layer shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import numpy.typing as npt

Array = npt.NDArray[Any]
"""An array of any format and shape."""

DType = Literal["float64", "float32", "float16", "bfloat16"]
"""A floating-point format that a kernel may be judged in."""

Tier = Literal["smoke", "standard", "thorough"]
"""How much a run looks at."""

Library = Literal["numpy", "torch", "jax", "mlx"]
"""The library whose arrays a function takes."""

Alignment = Literal["upper_left", "lower_right"]
"""Where the diagonal of a causal or window mask lies when L and S differ."""


class Range(NamedTuple):
    """Which numbers an argument may be, in words and as a test."""

    words: str
    holds: Callable[[float], bool]


FEW_ENOUGH = Range("at most 2**31 - 1", lambda number: number < 2**31)
"""Sums and products of two such numbers are held by 64 bits: no size wraps."""

Count = Annotated[int, Range("0 or more", lambda number: number >= 0), FEW_ENOUGH]
"""How many there are; there may be none."""

Size = Annotated[int, Range("1 or more", lambda number: number >= 1), FEW_ENOUGH]
"""How many there are, and there is at least one."""

Even = Annotated[
    int,
    Range("an even number, not negative", lambda number: number >= 0 == number % 2),
    FEW_ENOUGH,
]
"""The width of a vector whose entries come in pairs."""

Finite = Annotated[float, Range("a finite number", math.isfinite)]
"""A number that is neither infinite nor NaN."""

Positive = Annotated[
    float, Range("a positive finite number", lambda number: 0.0 < number < math.inf)
]
"""A number to divide by."""

Deadline = Annotated[
    float,
    Range(
        "more than 0 and at most 604,800 seconds",
        lambda number: 0.0 < number <= 604_800,
    ),
]
"""When a call has timed out, a week at most."""

Window = tuple[Count | None, Count | None]
"""Inclusive distances to the left and right; ``None`` is unlimited."""

__all__ = [
    "FEW_ENOUGH",
    "Alignment",
    "Array",
    "Count",
    "DType",
    "Deadline",
    "Even",
    "Finite",
    "Library",
    "Positive",
    "Range",
    "Size",
    "Tier",
    "Window",
]
