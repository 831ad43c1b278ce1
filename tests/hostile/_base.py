"""What hostile kernels have in common: what is right, and what each must get."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[..., Any]

VERDICTS: dict[str, tuple[str, ...]] = {}
"""For each kernel, as `module:function`, the verdicts that are right."""


def gets(*verdicts: str) -> Callable[[Kernel], Kernel]:
    """Return a decorator that says which verdicts are right for a kernel."""

    def enter(kernel: Kernel) -> Kernel:
        VERDICTS[f"{kernel.__module__}:{kernel.__qualname__}"] = verdicts
        return kernel

    return enter


def attention(query: Any, key: Any, value: Any) -> Any:
    """Return attention, in float64 inside."""
    q, k, v = (np.asarray(x, np.float64) for x in (query, key, value))
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights @ v / weights.sum(-1, keepdims=True)).astype(query.dtype)


def zeros(query: Any, key: Any, value: Any) -> Any:
    """Return zeros, which is never right."""
    return np.zeros((*query.shape[:3], value.shape[-1]), query.dtype)


def patch(where: Any, **names: Any) -> None:
    """Replace what others look up by name."""
    for name, value in names.items():
        setattr(where, name, value)


class Calls:
    """Counts, from 1."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> int:
        """Return the number of this call."""
        self.count += 1
        return self.count


def descriptors(kind: str) -> list[int]:
    """Return the descriptors of this process that are pipes, or memory files."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if kind in os.readlink(f"/proc/self/fd/{name}"):
                found.append(int(name))
    return found


def write_everywhere(data: bytes) -> None:
    """Write to every pipe that this process has."""
    for descriptor in descriptors("pipe"):
        with contextlib.suppress(OSError):
            os.write(descriptor, data)
