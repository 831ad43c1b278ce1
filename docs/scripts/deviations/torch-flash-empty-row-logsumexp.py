"""PyTorch's fused CPU kernel: the logsumexp of a row without keys is 0.

It should be minus infinity, so that the row has no weight when parts of the keys
are merged by their logsumexp. Here one part of the keys is hidden entirely.
"""

from __future__ import annotations

import torch

attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001

torch.manual_seed(0)
query = torch.zeros(1, 1, 1, 4)
key, value = torch.randn(1, 1, 4, 4), torch.randn(1, 1, 4, 4)
bias = torch.tensor([[0.0, 0.0, -torch.inf, -torch.inf]])

whole, _ = attention(query, key, value, attn_mask=bias)
parts = [
    attention(query, key[:, :, half], value[:, :, half], attn_mask=bias[:, half])
    for half in (slice(0, 2), slice(2, 4))
]
outputs = torch.stack([output for output, _ in parts])
lses = torch.stack([lse for _, lse in parts])
merged = (lses.softmax(0)[..., None] * outputs).sum(0)

print(f"torch {torch.__version__}")
print("logsumexp of two visible keys, scores 0 ", lses[0].item(), "(log 2)")
print("logsumexp of no visible key             ", lses[1].item(), "(should be -inf)")
print("output over all keys                    ", whole.flatten().tolist())
print("the two halves merged by their logsumexp", merged.flatten().tolist())
