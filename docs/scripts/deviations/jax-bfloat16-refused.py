"""JAX on the CPU: compiled, some bfloat16 shapes with axes of length 1 are refused.

Two of queries, keys and width are 1, beside one batch element and one key head.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

attention = jax.nn.dot_product_attention
print(f"jax {jax.__version__}")
for queries, keys, width in ((1, 1, 4), (1, 3, 1), (3, 1, 1), (3, 3, 4)):
    query = jnp.ones((1, queries, 1, width), jnp.bfloat16)
    key = jnp.ones((1, keys, 1, width), jnp.bfloat16)
    for name, function in (("eager", attention), ("compiled", jax.jit(attention))):
        try:
            function(query, key, key)
            found = "runs"
        except jax.errors.JaxRuntimeError as error:
            found = f"refused: {error}"
        print(f"L {queries} S {keys} E {width}  {name}: {found}")
