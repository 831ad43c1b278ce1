"""Rogues and controls of serving."""

from __future__ import annotations

__all__: list[str] = []
