"""The laws of attention, by chapter."""

from __future__ import annotations

import importlib

from attnspec.kinds.attention.kind import ATTENTION

CHAPTERS = (
    *("calls", "definition", "scores", "normalizers", "masks", "positions"),
    *("dialects", "nonfinite", "symmetries", "split", "recurrence", "bits"),
)
"""The modules of laws, in the order in which they run."""

for _chapter in CHAPTERS:
    importlib.import_module(f"{__name__}.{_chapter}")

__all__ = ["ATTENTION", "CHAPTERS"]
