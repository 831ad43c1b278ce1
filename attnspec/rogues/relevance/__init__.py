"""Rogues and controls of scores other than the dot product."""

from __future__ import annotations

__all__: list[str] = []
