"""The arrays of a script: how each is written, and how it comes to lie in memory."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array

_LITERAL = 256
"""Values of an array that are written one by one; a larger one is packed."""

_LEAST_AXES = {
    "transposed": 3,
    "sliced": 2,
    "broadcast_batch": 4,
    "broadcast_heads": 4,
}
"""The axes that an array must have for a layout to change how it lies."""


def laid(name: str, layout: str, order: tuple[int, ...]) -> Iterator[str]:
    """Yield how an array comes to lie in memory as it did, if it has the axes.

    They are those of ours in this order.
    """
    if len(order) < _LEAST_AXES.get(layout, 0):
        return
    if layout == "transposed":
        yield f"{name} = np.swapaxes(np.swapaxes({name}, -3, -2).copy(), -3, -2)"
    elif layout == "sliced":
        yield f"{name} = np.repeat({name}, 2, axis=-2)[..., ::2, :]"
    elif layout.startswith("broadcast"):
        axis = order.index(0 if layout.endswith("batch") else 1)
        part = ":, " * axis + ":1"
        yield f"{name} = np.broadcast_to({name}[{part}], {name}.shape)"
    elif layout != "contiguous":
        yield f"# attnspec gave {name} a layout of its own: {layout}"


def literal(array: Array) -> str:
    """Return an expression that makes an array, bit for bit."""
    foreign, name = _is_foreign(array), array.dtype.name
    dtype = "bool" if name == "bool" else f"np.{name}"
    flat = array.reshape(-1)
    if flat.size > _LITERAL:
        packed = base64.b64encode(zlib.compress(flat.tobytes(), 9)).decode()
        form = f"ml_dtypes.{name}" if foreign else dtype
        raw = f"zlib.decompress(base64.b64decode({packed!r}))"
        return f"np.frombuffer({raw}, {form}).reshape({array.shape}).copy()"
    values = flat.astype(np.float64) if foreign else flat
    form = f"np.float64).astype(ml_dtypes.{name}" if foreign else dtype
    return f"np.array({values.tolist()!r}, {form}).reshape({array.shape})"


def _is_foreign(array: Array) -> bool:
    """Return whether an array has a format that NumPy alone does not have."""
    return not hasattr(np, array.dtype.name)


__all__ = ["laid", "literal"]
