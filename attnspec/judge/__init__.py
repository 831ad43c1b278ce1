"""The machine: it draws, judges, shrinks and explains for any kind, and knows none."""

from __future__ import annotations

__all__: list[str] = []
