"""Pairs of entries turned by their positions, as keys of latent attention are."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array


def turned(x: Array, positions: Array, *, halves: bool = False) -> Array:
    """Turn pairs of entries by their positions."""
    width = x.shape[-1]
    n = width // 2
    powers = np.arange(n, dtype=x.dtype) / max(1, n)
    angles = positions[:, None].astype(x.dtype) * x.dtype.type(10_000) ** -powers
    one, two = (
        (np.s_[..., :n], np.s_[..., n:])
        if halves
        else (
            np.s_[..., 0::2],
            np.s_[..., 1::2],
        )
    )
    y = np.empty_like(x)
    y[one] = x[one] * np.cos(angles) - x[two] * np.sin(angles)
    y[two] = x[two] * np.cos(angles) + x[one] * np.sin(angles)
    return y


__all__ = ["turned"]
