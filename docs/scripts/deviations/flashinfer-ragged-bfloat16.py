"""FlashInfer's reference for packed sequences returns bfloat16, whatever it gets."""

from __future__ import annotations

import torch
from _flashinfer_traces import VERSION, ragged_prefill

starts = torch.tensor([0, 1]), torch.tensor([0, 1])

print(f"flashinfer {VERSION}: the answer to one query of one key whose value is 1/3")
for dtype in (torch.float16, torch.float32):
    row = torch.full((1, 1, 1), 1 / 3, dtype=dtype)
    output, _ = ragged_prefill(row, row, row, *starts, 1.0)
    print(f"{dtype} in, {output.dtype} out: {output.item()}, not {row.item()}")
