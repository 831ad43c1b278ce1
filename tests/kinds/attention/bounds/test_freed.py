"""Keeping what is freed takes no memory."""

from __future__ import annotations

import tracemalloc

from attnspec.kinds.attention.bounds.freed import keep_freed


def test_nothing_stays_allocated() -> None:
    keep_freed.cache_clear()
    tracemalloc.start()
    keep_freed()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 2**12
