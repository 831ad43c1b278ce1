"""Kernels that change what they may not: operands, libraries, attnspec itself."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import random
import threading
import time
from typing import Any

import numpy as np

import attnspec.conformance.call as call_module
from attnspec.conformance import protocol
from attnspec.judge import compare
from attnspec.judge.verdicts import Outcome, Report, Verdict
from tests.hostile._base import attention, gets, patch, zeros

_strided = np.lib.stride_tricks.as_strided


@gets("failed")
def changes_the_query(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    query[...] = 0
    return output


@gets("failed")
def changes_one_value(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    value.flat[-1] += 1
    return output


@gets("passed")
def changes_the_query_back(query: Any, key: Any, value: Any) -> Any:
    before = query.copy()
    query[...] = np.nan
    query[...] = before
    return attention(query, key, value)


@gets("failed")
def writes_behind_an_operand(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    size = (
        1
        + sum((n - 1) * s for n, s in zip(key.shape, key.strides, strict=True))
        // key.itemsize
    )
    _strided(key, (size + 1,), (key.itemsize,))[-1] = 0
    return output


@gets("failed")
def writes_before_an_operand(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    before = key.__array_interface__["data"][0] - key.itemsize
    ctypes.memset(before, 1, 1)
    return output


@gets("failed")
def a_thread_changes_an_operand(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)

    def change() -> None:
        key[...] = 0

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    return output


@gets("failed")
def a_thread_changes_an_operand_for_ever(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)

    def change() -> None:
        while True:
            value[...] += 1
            time.sleep(0)

    threading.Thread(target=change, daemon=True).start()
    time.sleep(0.02)
    return output


@gets("crashed")
def unmaps_its_operands(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    page = key.__array_interface__["data"][0] & -mmap.PAGESIZE
    ctypes.CDLL(None).munmap(ctypes.c_void_p(page), ctypes.c_size_t(1 << 16))
    return output + attention(query, key, value)


@gets("failed")
def hides_what_it_changes(query: Any, key: Any, value: Any) -> Any:
    """Attack A6: replace what compares, then overwrite the operands."""
    output = attention(query, key, value)
    patch(call_module, _same_bits=lambda *_: True)
    patch(call_module, result_of=lambda *_, **__: None)
    value[...] = 0
    return output


@gets("failed")
def says_that_it_conforms(query: Any, key: Any, value: Any) -> Any:
    """Attack A9: make every verdict and report conform."""
    for kind in (Verdict, Outcome, Report):
        patch(kind, conforms=True)
    patch(compare, agrees=lambda *_: iter(()))
    return zeros(query, key, value)


@gets("failed")
def its_caller_accepts_anything(query: Any, key: Any, value: Any) -> Any:
    patch(call_module, formed=lambda found, _: found)
    return zeros(query, key, value)[..., :1, :]


@gets("crashed", "failed")
def its_results_lie(query: Any, key: Any, value: Any) -> Any:
    real = protocol.results

    def lie(wanted: Any, arrays: Any) -> Any:
        header = real(wanted, arrays)
        header["results"][0]["dtype"] = "float16"
        return header

    patch(protocol, results=lie)
    return attention(query, key, value)


@gets("crashed")
def json_says_nothing(query: Any, key: Any, value: Any) -> Any:
    patch(json, dumps=lambda *_, **__: "{}")
    return attention(query, key, value)


@gets("crashed")
def json_raises(query: Any, key: Any, value: Any) -> Any:
    patch(json, dumps=None)
    return attention(query, key, value)


@gets("timed out", "crashed")
def writing_does_nothing(query: Any, key: Any, value: Any) -> Any:
    patch(os, write=lambda _, data: memoryview(data).nbytes)
    return attention(query, key, value)


@gets("failed")
def numpy_copies_zeros(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    copy = np.array
    patch(np, array=lambda array, *a, **k: 0 * copy(array, *a, **k))
    return output


@gets("crashed", "refused", "failed")
def numpy_is_gone(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    patch(np, array=None, ascontiguousarray=None, ndarray=None, asarray=None)
    return output


@gets("passed")
def time_stands_still(query: Any, key: Any, value: Any) -> Any:
    patch(time, monotonic=lambda: 0.0, perf_counter=lambda: 0.0, time=lambda: 0.0)
    return attention(query, key, value)


@gets("passed")
def chance_is_none(query: Any, key: Any, value: Any) -> Any:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - to disturb the old generator
    patch(random, random=lambda: 0.0)
    return attention(query, key, value)


@gets("failed")
def one_workspace(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    view = _WORKSPACE[: output.size].reshape(output.shape)
    view[...] = output
    return view


_WORKSPACE = np.empty(1 << 20, np.float32)
