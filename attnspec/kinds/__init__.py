"""What can be judged: a folder for each chapter, a module for each kind."""

from __future__ import annotations

__all__: list[str] = []
