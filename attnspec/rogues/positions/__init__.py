"""Rogues and controls of positions: encodings and biases."""

from __future__ import annotations

__all__: list[str] = []
