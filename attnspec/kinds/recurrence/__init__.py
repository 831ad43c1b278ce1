"""Kinds of recurrences: states that are carried along."""

from __future__ import annotations

__all__: list[str] = []
