"""Models of ONNX that are one operator, and sessions that run them on the CPU."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array

_INTERNAL_REPRESENTATION = 11
"""The version of ONNX's file format that knows opset 23."""


@dataclasses.dataclass(frozen=True)
class Operator:
    """An operator: its name, domain and version, and the ranks of what it returns."""

    name: str
    version: int
    outputs: tuple[int, ...]
    domain: str = ""

    def __call__(
        self, inputs: Mapping[str, Array | None], attributes: Mapping[str, Any]
    ) -> list[Array]:
        """Return what comes of inputs; those that are None are left out."""
        feed = {n: np.ascontiguousarray(a) for n, a in inputs.items() if a is not None}
        kinds = tuple(
            (name, feed[name].dtype.name, feed[name].ndim) if name in feed else None
            for name in inputs
        )
        found: list[Array] = _session(self, kinds, tuple(attributes.items())).run(
            None, feed
        )
        return found


@functools.lru_cache(maxsize=512)
def _session(
    operator: Operator,
    inputs: tuple[tuple[str, str, int] | None, ...],
    attributes: tuple[tuple[str, Any], ...],
) -> Any:
    """Return a session for inputs of these formats and ranks, of any lengths."""
    import onnxruntime
    from onnx import helper

    known = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), [None] * rank
        )
        for name, dtype, rank in filter(None, inputs)
    ]
    element = known[0].type.tensor_type.elem_type
    outputs = [
        helper.make_tensor_value_info(f"Y{place}", element, [None] * rank)
        for place, rank in enumerate(operator.outputs)
    ]
    node = helper.make_node(
        operator.name,
        ["" if each is None else each[0] for each in inputs],
        [output.name for output in outputs],
        domain=operator.domain,
        **dict(attributes),
    )
    model = helper.make_model(
        helper.make_graph([node], "operator", known, outputs),
        opset_imports=[helper.make_opsetid(operator.domain, operator.version)],
        ir_version=_INTERNAL_REPRESENTATION,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # What it refuses, it raises as well.
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


__all__ = ["Operator"]
