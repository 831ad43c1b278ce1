"""FlashInfer's reference for merging: two parts without keys give NaN.

Their logsumexps are minus infinity, and minus infinity from itself is NaN. Its
kernels in CUDA guard against that: the output is 0, the logsumexp minus infinity.
"""

from __future__ import annotations

import torch
from _flashinfer_traces import VERSION, merge_state, merge_states

output, lse = torch.zeros(1, 1, 2), torch.full((1, 1), -torch.inf)

both = output[:, None].repeat(1, 2, 1, 1), lse[:, None].repeat(1, 2, 1)

print(f"flashinfer {VERSION}: two parts without keys")
print("merge_state ", *merge_state(output, lse, output, lse))
print("merge_states", *merge_states(*both))
