"""ONNX Runtime: a float32 bias that hides every key gives NaN beside float16.

The same bias in float16 gives 0, as a boolean mask does.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from _onnx_attention import attention, operands

bias = np.zeros((3, 9))
bias[0] = -np.inf
arrays = operands("float16")
arrays |= {name: arrays[name].repeat(3, 2) for name in "KV"}

print(f"onnxruntime {onnxruntime.__version__}: the first query sees no key")
for version in (23, 24):
    for dtype in ("float16", "float32"):
        output = attention(version, arrays | {"attn_mask": bias.astype(dtype)})
        print(f"opset {version} bias {dtype}  first row {output[0, 0, 0].tolist()}")
