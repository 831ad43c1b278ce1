"""Names for the types that every layer shares."""

from __future__ import annotations

from typing import Any, Literal

import numpy.typing as npt

Array = npt.NDArray[Any]
"""An array of any format and shape."""

DType = Literal["float64", "float32", "float16", "bfloat16"]
"""A floating-point format that a kernel may be judged in."""

Alignment = Literal["upper_left", "lower_right"]
"""Where the diagonal of a causal or window mask lies when L and S differ."""

Window = tuple[int | None, int | None]
"""Inclusive distances to the left and right; ``None`` is unlimited."""

__all__ = ["Alignment", "Array", "DType", "Window"]
