"""The check that most kernels get, as a checker for `attnspec rogues`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec import attention


def allclose(kernel: Callable[..., Any]) -> bool:
    """Compare with a reference on standard normal data, at a tolerance of 1e-2."""
    random = np.random.default_rng(0)
    shape = (2, 4, 128, 64)
    operands = [random.standard_normal(shape, np.float32) for _ in range(3)]
    expected = attention(*operands)
    return np.allclose(kernel(*operands), expected, rtol=1e-2, atol=1e-2)


if __name__ == "__main__":
    from attnspec.rogues.matrix import kill_matrix

    matrix = kill_matrix(checker=allclose, workers=1)
    print("\n".join(matrix.text().strip().splitlines()[-1:]))
