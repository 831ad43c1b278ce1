"""The exact gradients of attention, and how far a backward pass may lie from them."""

from __future__ import annotations

__all__: list[str] = []
