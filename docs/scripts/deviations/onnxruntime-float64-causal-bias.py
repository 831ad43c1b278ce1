"""ONNX Runtime: is_causal together with a bias is refused in float64.

There is no float64 kernel: the operator is expanded into smaller ones, and the
expansion adds a causal mask in float32 to a bias in float64.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from _onnx_attention import attention, operands

print(f"onnxruntime {onnxruntime.__version__}: is_causal and a bias")
for version in (23, 24):
    for dtype in ("float32", "float16", "float64"):
        bias = np.zeros((3, 3), dtype)
        try:
            attention(version, operands(dtype) | {"attn_mask": bias}, is_causal=1)
            found = "runs"
        except Exception as error:  # noqa: BLE001 - the runtime's own class is private
            found = f"refused: {error}"
        print(f"opset {version} {dtype}  {found}")
