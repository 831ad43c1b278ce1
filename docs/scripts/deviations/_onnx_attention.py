"""One call of ONNX Runtime's operator Attention, for the scripts beside this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from onnx import helper


def attention(version: int, operands: dict[str, np.ndarray], **attributes: Any) -> Any:
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in operands.items()
    ]
    kind = helper.np_dtype_to_tensor_dtype(operands["Q"].dtype)
    outputs = [helper.make_tensor_value_info("Y", kind, [None] * 4)]
    node = helper.make_node("Attention", list(operands), ["Y"], **attributes)
    model = helper.make_model(
        helper.make_graph([node], "attention", inputs, outputs),
        opset_imports=[helper.make_opsetid("", version)],
        ir_version=11,
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, operands)[0]


def operands(dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal((1, 1, 3, 4)).astype(dtype) for name in "QKV"}
