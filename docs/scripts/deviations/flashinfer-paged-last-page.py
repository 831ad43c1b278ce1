"""FlashInfer's reference for pages is not told how many tokens a last page has."""

from __future__ import annotations

import torch
from _flashinfer_traces import VERSION, paged_decode, paged_prefill

query, keys = torch.zeros(1, 1, 1), torch.zeros(1, 2, 1, 1)
values = torch.tensor([1.0, 100.0]).reshape(1, 2, 1, 1)
one_page = torch.tensor([0, 1]), torch.tensor([0])

print(f"flashinfer {VERSION}: a page of two slots, the first of which has a token")
for name, output in (
    ("prefill", paged_prefill(query, keys, values, one_page[0], *one_page, 1.0)[0]),
    ("decoding", paged_decode(query, keys, values, *one_page, 1.0)[0]),
):
    print(f"{name}: its value is 1, the answer {output.item()}")
