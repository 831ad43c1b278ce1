"""Rogues and controls of attention, by what is wrong."""

from __future__ import annotations

__all__: list[str] = []
