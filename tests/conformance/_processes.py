"""The processes that a run has started: they inherit a mark in their environment."""

from __future__ import annotations

import os
from pathlib import Path


def alive(mark: str) -> dict[int, str]:
    """Return every process with a mark but this one, and its command line."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = words.decode(errors="replace")
        except OSError:
            continue
    found.pop(os.getpid(), None)
    return found
