"""FlashInfer's reference for merging two parts returns float32 for bfloat16.

It converts to float32 first, and then asks what format the operand had. The one for
any number of parts returns the format of its operand.
"""

from __future__ import annotations

import torch
from _flashinfer_traces import VERSION, merge_state, merge_states

output, lse = torch.ones(1, 1, 2, dtype=torch.bfloat16), torch.zeros(1, 1)

print(f"flashinfer {VERSION}: the format of what is merged, from {output.dtype}")
print("merge_state ", merge_state(output, lse, output, lse)[0].dtype)
print("merge_states", merge_states(output[:, None], lse[:, None])[0].dtype)
