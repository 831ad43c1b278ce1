"""ONNX Runtime: a query that sees no key gives 0, but NaN in float64.

There is no float64 kernel: the operator is expanded into smaller ones, whose
softmax of a row of minus infinity is NaN.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from _onnx_attention import attention, operands

mask = np.ones((3, 3), bool)
mask[0] = False

print(f"onnxruntime {onnxruntime.__version__}: the first query sees no key")
for version in (23, 24):
    for dtype in ("float32", "float16", "float64"):
        output = attention(version, operands(dtype) | {"attn_mask": mask})
        print(f"opset {version} {dtype}  first row {output[0, 0, 0].tolist()}")
