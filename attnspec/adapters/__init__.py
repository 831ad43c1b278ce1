"""Adapters: one module for each library, which imports it only when asked."""

from __future__ import annotations

__all__: list[str] = []
