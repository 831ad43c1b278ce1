"""PyTorch FlexAttention: NaN in a value of one document is NaN in all others."""

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

document = torch.tensor([0, 0, 1, 1])
inside = create_block_mask(
    lambda _b, _h, i, j: document[i] == document[j], None, None, 4, 4, device="cpu"
)
ones, value = torch.ones(1, 1, 4, 8), torch.ones(1, 1, 4, 8)
value[:, :, 3] = torch.nan
print(
    f"torch {torch.__version__}:",
    flex_attention(ones, ones, value, block_mask=inside)[0, 0, :, 0],
)
