"""Wrong backward passes, and unusual ones that are right."""

from __future__ import annotations

__all__: list[str] = []
