"""A mask written out pair by pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.reference._problems import Array


def table(queries: int, keys: int, sees: Any) -> Array:
    """Fill a mask pair by pair."""
    rows = [[sees(i, j) for j in range(keys)] for i in range(queries)]
    return np.array(rows, dtype=bool).reshape(queries, keys)
