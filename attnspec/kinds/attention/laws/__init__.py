"""The laws of attention, by chapter."""

from __future__ import annotations

__all__: list[str] = []
