"""Memory that is freed is kept: what blocks need again costs page faults otherwise."""

from __future__ import annotations

import functools

import numpy as np

_LARGEST = 2**25 - 2**16
"""Bytes: glibc keeps of what is freed as much as twice the largest array that it has
seen freed, of up to 32 MiB. Without one it returns what is above some 128 KiB."""


@functools.cache
def keep_freed() -> None:
    """Let the allocator keep what an evaluator frees from block to block.

    The array that is freed here is never written, so that it takes no memory. Where
    another allocator than glibc's is at work nothing changes.
    """
    np.empty(_LARGEST, np.uint8)


__all__ = ["keep_freed"]
