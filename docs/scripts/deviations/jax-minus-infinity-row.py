"""JAX: a row hidden by a bias of minus infinity is NaN, one hidden by a mask a mean.

The mask writes a large finite number over the scores, so that its softmax is
uniform; the bias leaves a row of minus infinity, whose softmax is NaN.
"""

from __future__ import annotations

import jax
import numpy as np

rng = np.random.default_rng(0)
query, key, value = (rng.standard_normal((1, 3, 1, 4), np.float32) for _ in range(3))
mask = np.ones((1, 1, 3, 3), bool)
mask[..., 0, :] = False
bias = np.where(mask, 0, -np.inf).astype(np.float32)
half = mask.copy()
half[..., 0, 0] = True  # The mask shows one key to the first query,
rest = np.zeros_like(bias)
rest[..., 0, 0] = -np.inf  # and the bias hides that one.


def first_row(**options: np.ndarray) -> list[float]:
    output = jax.nn.dot_product_attention(query, key, value, **options)
    return np.asarray(output)[0, 0, 0].tolist()


print(f"jax {jax.__version__}: the first query sees no key")
print("by the mask            ", first_row(mask=mask))
print("by the bias            ", first_row(bias=bias))
print("by both between them   ", first_row(mask=half, bias=rest))
print("mean of all values     ", value[0, :, 0].mean(0).tolist())
print("mean of those masked   ", value[0, 1:, 0].mean(0).tolist())
