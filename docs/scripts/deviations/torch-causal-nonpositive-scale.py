"""PyTorch on the CPU: is_causal with a scale of zero or less gives NaN.

The fused kernel writes minus infinity over the keys behind the diagonal before it
multiplies by the scale: 0 * -inf is NaN, a negative scale makes plus infinity.
"""

from __future__ import annotations

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
query, key, value = (torch.randn(1, 1, 3, 4) for _ in range(3))
visible = torch.ones(3, 3, dtype=torch.bool).tril()

print(f"torch {torch.__version__}")
for scale in (0.0, -0.7):
    scores = (scale * query @ key.mT).masked_fill(~visible, -torch.inf)
    expected = scores.softmax(-1) @ value
    print(f"\nscale {scale}: first column of the output")
    print("  written out ", expected[0, 0, :, 0].tolist())
    for backend in (SDPBackend.MATH, SDPBackend.FLASH_ATTENTION):
        with sdpa_kernel(backend):
            actual = scaled_dot_product_attention(
                query, key, value, is_causal=True, scale=scale
            )
        print(f"  {backend.name:15}", actual[0, 0, :, 0].tolist())
        wrong = bool(actual.isnan().any())
        print(f"  {'':15} {'NaN in the output' if wrong else 'right'}")
    default = scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=scale
    )
    print("  chosen by itself", default[0, 0, :, 0].tolist())
