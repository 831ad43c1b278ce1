"""ONNX Runtime: in float16 a hidden key outweighs a visible one far below zero.

A boolean mask and is_causal add -65504 to the score of a hidden key; that is less
than nothing only where no visible key scores 65504 less than it.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from _onnx_attention import attention

query = np.ones((1, 1, 1, 1), np.float16)
key = np.array([-60000, 60000], np.float16).reshape(1, 1, 2, 1)
value = np.array([1, 5], np.float16).reshape(1, 1, 2, 1)
arrays = {"Q": query, "K": key, "V": value}
mask = np.array([[True, False]])
bias = np.where(mask, 0, -np.inf).astype(np.float16)

print(f"onnxruntime {onnxruntime.__version__}: scores -60000 and, hidden, 60000")
for version in (23, 24):
    found = {
        "is_causal": attention(version, arrays, scale=1.0, is_causal=1),
        "mask": attention(version, arrays | {"attn_mask": mask}, scale=1.0),
        "bias of -inf": attention(version, arrays | {"attn_mask": bias}, scale=1.0),
    }
    for name, output in found.items():
        which = "visible" if output.item() == 1 else "hidden"
        print(f"opset {version} {name:13} {output.item()}: the {which} value")
