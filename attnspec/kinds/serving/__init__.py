"""Kinds of serving: what kernels add when they answer many at once."""

from __future__ import annotations

__all__: list[str] = []
