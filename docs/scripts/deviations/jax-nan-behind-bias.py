"""JAX: a NaN in a hidden key does harm behind a bias of minus infinity, not a mask.

The mask is written over the scores; the bias is added to them, and NaN stays NaN.
"""

from __future__ import annotations

import jax
import numpy as np

rng = np.random.default_rng(0)
query, key, value = (rng.standard_normal((1, 3, 1, 4), np.float32) for _ in range(3))
mask = np.ones((1, 1, 3, 3), bool)
mask[..., 0] = False
bias = np.where(mask, 0, -np.inf).astype(np.float32)
poisoned = key.copy()
poisoned[:, 0] = np.nan


def last_row(key: np.ndarray, **options: np.ndarray) -> list[float]:
    output = jax.nn.dot_product_attention(query, key, value, **options)
    return np.asarray(output)[0, -1, 0].tolist()


print(f"jax {jax.__version__}: the first key is hidden from all, and holds NaN")
print("hidden by the mask     ", last_row(poisoned, mask=mask))
print("hidden by the bias     ", last_row(poisoned, bias=bias))
print("by the bias, no NaN    ", last_row(key, bias=bias))
