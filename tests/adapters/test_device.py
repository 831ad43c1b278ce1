"""A function on a device is judged like one here; that of the CPU stands in for it.

What is copied to a stand-in and back goes the same way as to a GPU.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from attnspec.adapters import _arrays, _device
from attnspec.conformance import Implementation, check_implementation
from attnspec.conformance.call import Caller
from attnspec.conformance.facing import with_memory_of
from attnspec.conformance.libraries import through
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import KernelCrashed, UnusableTarget
from attnspec.judge.layouts import LAYOUTS, place
from attnspec.judge.verdicts import Report
from attnspec.kinds.attention.kind import ATTENTION
from tests.faces import _flash


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy to and from a device, whatever is asked for."""

    def copied(function: Any, _device_name: str = "") -> Any:
        return functools.update_wrapper(_device.Remote(function, "cpu"), function)

    monkeypatch.setattr(_arrays, "torch", copied)


def _judged(kernel: Any, *only: str, **asked: Any) -> Report:
    asked = {
        "dtypes": ["bfloat16"],
        "tier": "smoke",
        "without": ["far_offsets"],
    } | asked
    return check_implementation(kernel, only=only, **asked)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int64", "bool"])
def test_an_array_lies_there_as_it_lies_here(layout: str, dtype: str) -> None:
    form = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    array = np.arange(2 * 3 * 5 * 4).reshape(2, 3, 5, 4).astype(form)
    if layout.startswith("broadcast"):
        array[:] = array[:1] if layout.endswith("batch") else array[:, :1]
    given = place(array, layout).view
    seen: list[Any] = []

    def kernel(tensor: Any) -> Any:
        seen.append(tensor)
        return tensor.double() + 1

    found = _device.Remote(kernel, "cpu")(given)

    (tensor,) = seen
    assert str(tensor.dtype) == f"torch.{dtype}"
    assert [s * given.itemsize for s in tensor.stride()] == [*given.strides]
    assert tensor.data_ptr() % 64 == given.ctypes.data % 64
    assert tensor.data_ptr() != given.ctypes.data
    np.testing.assert_array_equal(found, array.astype(np.float64) + 1)


@pytest.mark.usefixtures("stand_in")
def test_a_right_function_conforms() -> None:
    laws = ("agreement", "layout", "inputs-unchanged", "lse-agreement")
    report = _judged(_flash.flash_attn_func, *laws)

    assert report.conforms, str(report)


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("name", ["dense_alone", "window_off_by_one"])
def test_a_wrong_function_fails(name: str) -> None:
    report = _judged(_flash.WRONG[name], "agreement", "window-support")

    assert not report.conforms
    assert f"{name}(q, k, v" in str(report)


def _writes_into_an_operand(q: Any, k: Any, v: Any) -> Any:
    v[..., :1] += 1
    return q + k.mean() * 0


def _writes_beside_an_operand(q: Any, k: Any, v: Any) -> Any:
    del k
    beside = torch.as_strided(v, (1,), (1,), v.storage_offset() - 1)
    beside[...] = 0
    return q.clone()


@pytest.mark.parametrize("kernel", [_writes_into_an_operand, _writes_beside_an_operand])
def test_what_a_function_writes_there_is_seen_here(kernel: Any) -> None:
    arrays = (np.ones((1, 1, 2, 4), np.float32) for _ in range(3))
    placed = [place(array) for array in arrays]
    before = [item.content() for item in placed]

    _device.Remote(kernel, "cpu")(*(item.view for item in placed))

    changed = [
        item.content() != then for item, then in zip(placed, before, strict=True)
    ]
    assert changed == [False, False, True]


def test_a_result_that_a_later_call_writes_again_is_seen() -> None:
    buffer = torch.zeros(2, 3)

    def kernel(x: Any) -> Any:
        return torch.add(x, 1, out=buffer)

    call = Caller(_device.Remote(kernel, "cpu"))
    wanted = [("output", (2, 3), "float32")]
    one, two = np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)

    assert call([one], {}, wanted)[1] is False
    assert call([two], {}, wanted)[1] is True


def test_all_results_come_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    transfers: list[int] = []
    here = torch.Tensor.cpu

    def counted(tensor: Any) -> Any:
        transfers.append(tensor.numel())
        return here(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", counted)
    remote = _device.Remote(lambda x: (x, x.sum(), [1]), "cpu")
    found = remote(np.ones((2, 3), np.float32))

    assert len(transfers) == 1
    assert [np.shape(part) for part in found] == [(2, 3), (), (1,)]
    assert float(found[1]) == 6.0


def _without_hidden_rows(query: Any, key: Any, value: Any, *, mask: Any = None) -> Any:
    """Write only the rows that see a key: the others hold what was in the memory."""
    output = torch.empty_like(query[..., :1].expand(*query.shape[:3], value.shape[-1]))
    output = (
        output.contiguous() if output.is_contiguous() else torch.empty(output.shape)
    )
    scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    rows = (scores > -torch.inf).any(-1)
    right = torch.softmax(scores, -1) @ value
    output[rows] = right[rows]
    return output


@pytest.mark.parametrize(
    "kernel",
    [
        through("torch", _without_hidden_rows),
        _device.Remote(_without_hidden_rows, "cpu"),
    ],
    ids=["here", "there"],
)
def test_memory_that_is_not_written_is_not_zero(kernel: Any) -> None:
    one = np.ones((1, 2, 64, 16), np.float32)
    hidden = np.zeros((1, 1, 64, 64), np.bool_)

    found = [kernel(one, one, one, mask=hidden) for _ in range(8)]

    assert any(np.isnan(output).any() for output in found)


def test_an_error_of_a_call_is_raised_by_the_call() -> None:
    def kernel(x: Any) -> Any:
        return x @ x

    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        _device.Remote(kernel, "cpu")(np.ones((2, 3), np.float32))


def test_a_device_that_does_nothing_more_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kernel(x: Any) -> Any:
        msg = "an illegal memory access"
        raise RuntimeError(msg)

    monkeypatch.setattr(_device, "lost", lambda _: "no context")
    caller = Caller(_device.Remote(kernel, "cpu"))

    with pytest.raises(
        KernelCrashed, match=r"lost the device cpu \(no context\) after"
    ):
        caller([np.ones(3)], {}, [("output", (3,), "float64")])


LOST = """
import functools
import torch
from attnspec.adapters import _arrays, _device

_arrays.torch = lambda f, _: functools.update_wrapper(_device.Remote(f, "cpu"), f)
calls = []

def lost(device):
    return "no context" if calls and calls[-1] else ""

_device.lost = lost

def kernel(q, k, v, softmax_scale=None, causal=False):
    calls.append(causal)
    if causal:
        raise RuntimeError("an illegal memory access")
    if any(calls):
        raise RuntimeError("an earlier call has broken the device")
    scale = q.shape[-1] ** -0.5 if softmax_scale is None else softmax_scale
    scores = torch.einsum("blhe,bshe->bhls", q.float(), k.float()) * scale
    weights = torch.softmax(scores, -1).to(q.dtype).float()
    return torch.einsum("bhls,bshe->blhe", weights, v.float()).to(q.dtype)
"""


def test_a_worker_whose_device_is_lost_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "lost_device.py"
    file.write_text(LOST, "utf-8")
    plain = ATTENTION.case(ATTENTION.recipe("float32", queries=3, keys=3))
    causal = ATTENTION.case(ATTENTION.recipe("float32", queries=3, keys=3, causal=True))

    with open_target(Request(f"{file}:kernel")) as (call, _):
        first = call(plain).output
        with pytest.raises(KernelCrashed, match=r"lost the device cpu \(no context\)"):
            call(causal)
        again = call(plain).output

    np.testing.assert_array_equal(first, again)


def test_a_device_that_is_not_there_makes_the_target_unusable() -> None:
    for library, device in (("torch", "xpu:7"), ("numpy", "cuda")):
        with pytest.raises(UnusableTarget, match=f"device.* '{device}'"):
            through(library, _without_hidden_rows, device)


def test_the_device_of_the_cpu_copies_nothing() -> None:
    seen: list[Any] = []

    def kernel(x: Any) -> Any:
        seen.append(x.data_ptr())
        return x.clone()

    array = np.ones(3)
    through("torch", kernel, "cpu")(array)

    assert seen == [array.ctypes.data]


def test_a_function_on_another_device_is_not_asked_with_far_offsets() -> None:
    here = Implementation.of(_flash.flash_attn_func, device="cpu").description
    there = with_memory_of("torch", "cuda", here.capabilities, ATTENTION)

    assert here.manner == {"face": "flash-attn", "arrays": "torch"}
    assert "far_offsets" in here.capabilities
    assert "far_offsets" not in there
    assert "strided_operands" in there
