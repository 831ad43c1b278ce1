"""Kernels that write what only their server should write."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from tests.hostile._base import (
    Calls,
    attention,
    descriptors,
    gets,
    write_everywhere,
    zeros,
)

CALLS = Calls()


def _answer(query: Any, value: Any, **changes: Any) -> bytes:
    """Return the header of an answer to this very call."""
    # The first questions of a process are `prepare` and `open`.
    shape = [*query.shape[:3], value.shape[-1]]
    result = {"name": "output", "dtype": "float32", "shape": shape}
    size = 4 * int(np.prod(shape))
    header = {"answer": 1 + CALLS.next(), "results": [result], "payload": size}
    return json.dumps({**header, **changes}).encode() + b"\n"


@gets("crashed")
def a_line(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(b"\n")
    return attention(query, key, value)


@gets("crashed")
def rubbish(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(b"\xff\x00{[\n" * 3)
    return attention(query, key, value)


@gets("crashed")
def a_list(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(b"[1]\n")
    return attention(query, key, value)


@gets("crashed")
def deep(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(b"[" * 20_000 + b"\n")
    return attention(query, key, value)


@gets("crashed")
def without_end(query: Any, key: Any, value: Any) -> Any:
    for _ in range(2_000):
        write_everywhere(bytes(65_536))
    return attention(query, key, value)


@gets("crashed")
def another_number(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value, answer=10_000))
    return attention(query, key, value)


@gets("crashed")
def number_that_is_none(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value, answer={"a": []}))
    return attention(query, key, value)


@gets("crashed")
def no_results(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value, results=None))
    return attention(query, key, value)


@gets("crashed")
def size_that_is_another(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value, payload=3))
    return attention(query, key, value)


@gets("crashed")
def size_that_is_huge(query: Any, key: Any, value: Any) -> Any:
    shape = [1 << 20, 1 << 20, 1 << 10]
    result = {"name": "output", "dtype": "float64", "shape": shape}
    write_everywhere(_answer(query, value, results=[result], payload=1 << 53))
    return attention(query, key, value)


@gets("crashed")
def size_that_is_negative(query: Any, key: Any, value: Any) -> Any:
    result = {"name": "output", "dtype": "float32", "shape": [-1]}
    write_everywhere(_answer(query, value, results=[result], payload=-4))
    return attention(query, key, value)


@gets("crashed")
def size_that_is_nothing_times_much(query: Any, key: Any, value: Any) -> Any:
    result = {"name": "output", "dtype": "float32", "shape": [0, 1 << 61]}
    write_everywhere(_answer(query, value, results=[result], payload=0))
    return attention(query, key, value)


@gets("crashed")
def format_that_is_none(query: Any, key: Any, value: Any) -> Any:
    result = {"name": "output", "dtype": "O", "shape": [1]}
    write_everywhere(_answer(query, value, results=[result], payload=8))
    return attention(query, key, value)


@gets("failed")
def another_shape(query: Any, key: Any, value: Any) -> Any:
    result = {"name": "output", "dtype": "float32", "shape": [1]}
    answer = _answer(query, value, results=[result], payload=4)
    write_everywhere(answer + bytes(4))
    return attention(query, key, value)


@gets("failed", "crashed")
def zeros_in_its_place(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value) + zeros(query, key, value).tobytes())
    return attention(query, key, value)


@gets("crashed")
def the_right_answer_twice(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    write_everywhere(_answer(query, value) + output.tobytes())
    return output


@gets("crashed")
def half_an_answer(query: Any, key: Any, value: Any) -> Any:
    write_everywhere(_answer(query, value))
    os._exit(0)


@gets("refused", "crashed")
def says_that_it_raised(query: Any, key: Any, value: Any) -> Any:
    number = 1 + CALLS.next()
    write_everywhere(json.dumps({"answer": number, "raised": ["\x1b[31m"]}).encode())
    write_everywhere(b"\n")
    return attention(query, key, value)


@gets("crashed")
def closes_everything(query: Any, key: Any, value: Any) -> Any:
    os.closerange(0, 256)
    return attention(query, key, value)


@gets("crashed")
def closes_its_outputs(query: Any, key: Any, value: Any) -> Any:
    for descriptor in descriptors("pipe"):
        os.close(descriptor)
    return attention(query, key, value)


@gets("failed", "crashed")
def writes_into_the_memory_by_its_descriptor(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    for descriptor in descriptors("memfd"):
        os.pwrite(descriptor, bytes(1 << 17), 0)
    return output


@gets("failed", "crashed")
def cuts_the_memory_short(query: Any, key: Any, value: Any) -> Any:
    output = attention(query, key, value)
    for descriptor in descriptors("memfd"):
        os.ftruncate(descriptor, 0)
    return output


@gets("passed")
def makes_the_memory_larger(query: Any, key: Any, value: Any) -> Any:
    for descriptor in descriptors("memfd"):
        os.ftruncate(descriptor, 1 << 30)
    return attention(query, key, value)
