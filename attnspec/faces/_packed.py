"""Operands that come in one array, as the queries, keys and values of `qkv`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array

AXIS = 2
"""The axis of (B, L, n, H, E) along which they lie."""


def packed(
    parts: Mapping[str, tuple[str, ...]], operands: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the arrays of a call: each is one operand, or several side by side."""
    return {
        name: np.stack([operands[part] for part in mine], AXIS)
        if len(mine) > 1
        else operands[mine[0]]
        for name, mine in parts.items()
    }


def written_back(
    parts: Mapping[str, tuple[str, ...]],
    arrays: Mapping[str, Array],
    operands: Mapping[str, Array],
) -> None:
    """Write into operands what a call has written into the array that holds them."""
    for name, mine in parts.items():
        for place, part in enumerate(mine if len(mine) > 1 else ()):
            found = arrays[name].take(place, AXIS)
            if found.tobytes() != operands[part].tobytes():
                operands[part][...] = found


__all__ = ["AXIS", "packed", "written_back"]
