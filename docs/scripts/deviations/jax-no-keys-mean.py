"""JAX: a query whose sequence has no keys is answered by the mean of the padding."""

import jax
import numpy as np

x, value = np.ones((1, 2, 1, 1)), np.reshape([1.0, 3.0], (1, 2, 1, 1))
none = {"key_value_seq_lengths": np.zeros(1, np.int32)}
hidden = {"mask": np.zeros((1, 1, 2, 2), bool)}
print(f"jax {jax.__version__}: the answers to two queries that see no key")
for options in (none, {**none, "local_window_size": (1, 1)}, hidden):
    output = jax.nn.dot_product_attention(x, x, value, **options)
    print(f"{', '.join(options):45}", np.ravel(output))
