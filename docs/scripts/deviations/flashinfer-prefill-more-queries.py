"""FlashInfer's reference for a single prefill: more queries than keys.

Causality is counted from the last key, as in its kernels, but only where there are no
more queries than keys. Here the first of three queries sees no key of two; it is
answered by the first one. The reference for packed sequences answers it with 0.
"""

from __future__ import annotations

import torch
from _flashinfer_traces import VERSION, ragged_prefill, single_prefill

query, key = torch.zeros(3, 1, 1), torch.zeros(2, 1, 1)
value = torch.tensor([[[1.0]], [[3.0]]])
starts = torch.tensor([0, 3]), torch.tensor([0, 2])

single = single_prefill(query, key, value, causal=True)
packed, _ = ragged_prefill(query, key, value, *starts, 1.0)

print(f"flashinfer {VERSION}: three queries, the values 1 and 3, causal")
print("single_prefill", single.flatten().tolist())
print("ragged_prefill", packed.flatten().tolist())
