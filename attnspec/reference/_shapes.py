"""What must hold of the matrices of a layer, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from attnspec.exceptions import InvalidArgument


def check_shapes(
    arrays: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, tuple[int, ...]]
) -> None:
    """Demand of every array the shape that is expected of its name."""
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            msg = f"{name}: expected shape {shape}, got {arrays[name].shape}"
            raise InvalidArgument(msg)


__all__ = ["check_shapes"]
