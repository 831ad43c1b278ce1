"""PyTorch PagedAttention: who was erased reads the pages that others have now."""

import torch
from torch.nn.attention.experimental._paged_attention import PagedAttention

pages = PagedAttention(n_pages=2, page_size=1, max_batch_size=2, device="cpu")
first, second, one = (torch.tensor([n]) for n in (0, 1, 1))
pages.reserve(first, one)
pages.erase(first)
pages.reserve(second, one)  # It gets the page that the first one has given back.
sees = pages.get_mask_mod(None, kv_len=torch.ones(2))
print(f"torch {torch.__version__}:", sees(first, 0, 0, pages.page_table[second, 0]))
