"""How many threads the libraries of a kernel use."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import threadpoolctl


def threads(count: int | None) -> AbstractContextManager[Any]:
    """Return what limits BLAS and OpenMP to so many threads; None leaves them alone.

    Looking for these libraries takes longer than many a call.
    """
    if count is None:
        return contextlib.nullcontext()
    return threadpoolctl.threadpool_limits(count)


__all__ = ["threads"]
