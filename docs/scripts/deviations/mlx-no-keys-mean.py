"""MLX: a query whose keys are all hidden is answered by the mean of their values."""

import importlib.metadata

import mlx.core as mx

query, key = mx.ones((1, 1, 1, 4)), mx.ones((1, 1, 3, 4))
value = mx.array([1.0, 3.0, 8.0]).reshape(1, 1, 3, 1)
print(f"mlx {importlib.metadata.version('mlx')}: three values, and who sees them")
for seen in ([1, 1, 0], [0, 0, 0]):
    mask = mx.array(seen).astype(mx.bool_).reshape(1, 1, 1, 3)
    output = mx.fast.scaled_dot_product_attention(query, key, value, scale=1, mask=mask)
    print(seen, output.item())
