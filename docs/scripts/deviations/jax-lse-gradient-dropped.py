"""JAX: the logsumexp that attention returns has a gradient of zero."""

import jax

x = jax.random.normal(jax.random.key(0), (1, 3, 1, 4))
attention = jax.nn.dot_product_attention
by_query = jax.grad(lambda q: attention(q, x, x, return_residual=True)[1].sum())(x)
print(f"jax {jax.__version__}: the largest entry by the query:", abs(by_query).max())
