"""PyTorch: without any key the gradient of float16 queries may be NaN."""

import torch

query = torch.ones(1, 1, 9, 256, dtype=torch.float16, requires_grad=True)
key = torch.ones(1, 1, 0, 256, dtype=torch.float16)
output = torch.nn.functional.scaled_dot_product_attention(query, key, key)
(found,) = torch.autograd.grad(output, query, torch.full_like(output, 30))
print(f"torch {torch.__version__}: the first gradient:", found[0, 0, 0, 0])
