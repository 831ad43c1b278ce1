"""Patterns of visible keys that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.rogues._gallery import Control, Rogue

ROGUES: tuple[Rogue, ...] = ()

CONTROLS: tuple[Control, ...] = ()

__all__ = ["CONTROLS", "ROGUES"]
