"""How the definitions read numbers: as float64, under IEEE rules, in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from jaxtyping import Float, Float64

from attnspec._arguments import checked

P = ParamSpec("P")
R = TypeVar("R")


def definition(function: Callable[P, R]) -> Callable[P, R]:
    """Read arguments as the signature says; inf and NaN follow IEEE 754, in silence."""
    return checked(np.errstate(all="ignore")(function))


def float64(array: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Convert from any floating-point format; float64 holds all of them exactly."""
    return np.asarray(array, dtype=np.float64)


__all__ = ["definition", "float64"]
