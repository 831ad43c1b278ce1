"""Latent attention: the kinds of functions, and their laws."""

from __future__ import annotations

__all__: list[str] = []
