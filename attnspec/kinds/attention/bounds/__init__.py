"""The exact value of attention at any size, and how far a kernel may be from it."""

from __future__ import annotations

__all__: list[str] = []
