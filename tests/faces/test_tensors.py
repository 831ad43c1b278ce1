"""Objects that are planned, and functions of one sequence, with tensors of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import check_implementation
from attnspec.exceptions import InvalidArgument
from tests.faces import _numpy, _planning

torch = pytest.importorskip("torch")


def test_objects_of_tensors_are_made_and_planned_with_tensors() -> None:
    class OfTensors:
        def __init__(self, workspace_buffer: Any) -> None:
            assert isinstance(workspace_buffer, torch.Tensor)
            self.right = _planning.Prefill(workspace_buffer.numpy())

        def plan(
            self,
            qo_indptr: Any,
            paged_kv_indptr: Any,
            paged_kv_indices: Any,
            paged_kv_last_page_len: Any,
            num_qo_heads: int,
            num_kv_heads: int,
            head_dim_qk: int,
            page_size: int,
            *,
            causal: bool = False,
            q_data_type: Any = None,
        ) -> None:
            assert isinstance(q_data_type, torch.dtype)
            self.right.plan(
                qo_indptr.numpy(),
                paged_kv_indptr.numpy(),
                paged_kv_indices.numpy(),
                paged_kv_last_page_len.numpy(),
                num_qo_heads,
                num_kv_heads,
                head_dim_qk,
                page_size,
                causal=causal,
                q_data_type=np.dtype(np.float32),
            )

        def run(self, q: Any, paged_kv_cache: Any) -> Any:
            key, value = paged_kv_cache
            pools = key.numpy(), value.numpy()
            return torch.from_numpy(self.right.run(q.numpy(), pools))

    report = check_implementation(
        OfTensors,
        kind="paged",
        arrays="torch",
        dtypes=["float32"],
        tier="smoke",
        only=["paged-agreement", "paged-causal"],
    )

    assert report.conforms, str(report)
    assert report.description.arrays == "torch"


@pytest.mark.parametrize(
    ("function", "kind"), [(_planning.Ragged, "varlen"), (_numpy.single, "attention")]
)
def test_no_gradients_are_derived(function: Any, kind: str) -> None:
    asked: Any = {"arrays": "torch", "claims": ["gradients"]}
    with pytest.raises(InvalidArgument, match="expected a backward pass"):
        check_implementation(function, kind=kind, **asked)
