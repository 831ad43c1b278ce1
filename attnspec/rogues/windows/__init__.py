"""Rogues and controls of masks, windows and bands."""

from __future__ import annotations

__all__: list[str] = []
