"""How much of the costliest tests CI runs; wherever else they run, it is all of them.

Hypothesis has fewer examples there, too: see the profiles in ``conftest.py``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

IN_CI = "CI" in os.environ


def share(cases: Sequence[T], every: int, first: int = 0) -> Sequence[T]:
    """Return every so many of the cases in CI, and all of them elsewhere."""
    return cases[first::every] if IN_CI else cases


__all__ = ["IN_CI", "share"]
