"""Rogues and controls of normalizers: from scores to weights."""

from __future__ import annotations

__all__: list[str] = []
