"""Kernels to judge without any other library: real ones, in NumPy."""

from __future__ import annotations

from attnspec.kernels.tiled import tiled_attention

__all__ = ["tiled_attention"]
