"""Rogues and controls of layers: what is built of attention, heads and projections."""

from __future__ import annotations

__all__: list[str] = []
