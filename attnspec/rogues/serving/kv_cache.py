"""Caches that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.rogues._gallery import Control, Rogue

ROGUES: tuple[Rogue, ...] = ()
"""Caches that are wrong."""

CONTROLS: tuple[Control, ...] = ()
"""Caches that are right."""

__all__ = ["CONTROLS", "ROGUES"]
