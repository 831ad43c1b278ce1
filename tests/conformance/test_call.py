from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance.call import Caller, InProcess
from attnspec.exceptions import KernelRaised, MalformedResult
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS
from tests.conformance import _kernels

CASE = build(ATTENTION.recipe(queries=3, keys=4, width=2, value_width=2))


def test_only_options_in_force_are_passed() -> None:
    seen: dict[str, Any] = {}

    def kernel(query: Any, key: Any, value: Any, **options: Any) -> Any:
        seen.update(options)
        return _kernels.right(query, key, value)

    InProcess(kernel)(CASE.replace(causal=True, scale=0.0))

    assert seen == {"causal": True, "scale": 0.0}


def test_the_kernel_gets_the_layout_that_the_case_names() -> None:
    strides = []

    def kernel(query: Any, key: Any, value: Any) -> Any:
        strides.append(key.strides)
        return _kernels.right(query, key, value)

    for layout in ("contiguous", "sliced"):
        InProcess(kernel)(CASE.replace(layouts={"key": layout}))

    assert strides[1][2] == 2 * strides[0][2]


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (_kernels.returns_none, "output: expected a NumPy array, got None"),
        (_kernels.returns_a_row, r"output: expected shape \(1, 1, 3, 2\), got .*1, 2"),
        (_kernels.returns_float64, "output: expected dtype float32, got float64"),
    ],
)
def test_what_is_no_result_is_malformed(kernel: Any, message: str) -> None:
    with pytest.raises(MalformedResult, match=message):
        InProcess(kernel)(CASE)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros(3), r"expected \(output, lse\), got a ndarray"),
        ((1, 2, 3), "got a tuple of 3"),
        ((np.zeros((1, 1, 3, 2), np.float32), None), "lse: expected a NumPy array"),
        (
            (np.zeros((1, 1, 3, 2), np.float32), np.zeros((1, 1, 3), int)),
            "lse: expected a floating-point dtype, got int64",
        ),
        (
            (np.zeros((1, 1, 3, 2), np.float32), np.zeros((1, 1, 3), ">f4")),
            "lse: expected a floating-point dtype, got float32 with swapped bytes",
        ),
    ],
)
def test_a_logsumexp_must_come_with_the_output(returned: Any, message: str) -> None:
    def kernel(query: Any, key: Any, value: Any, *, return_lse: bool) -> Any:
        return returned

    with pytest.raises(MalformedResult, match=message):
        InProcess(kernel)(CASE.with_lse())


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (_kernels.raises, r"^ValueError: no such kernel\nsecond line$"),
        (_kernels.exits, "^SystemExit: 3$"),
    ],
)
def test_whatever_a_kernel_raises_stops_at_the_call(kernel: Any, message: str) -> None:
    with pytest.raises(KernelRaised, match=message):
        InProcess(kernel)(CASE)


LEAVES = """
import os
from attnspec import check_implementation
def kernel(query, key, value): os._exit(0)
report = check_implementation(kernel, only=["agreement"], tier="smoke")
print(report.failures[0].verdict)
"""


def test_a_kernel_cannot_end_the_process_that_judges_it_with_success() -> None:
    # In a process of its own: here it would end the tests with success.
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LEAVES], capture_output=True, text=True, check=True
    )

    assert done.stdout == "refused\n"


def test_a_child_of_a_kernel_ends_as_it_should() -> None:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        if not (child := os.fork()):
            os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        return _kernels.right(query, key, value)

    InProcess(kernel)(CASE)


def test_an_error_that_cannot_say_what_it_is_has_a_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def kernel(*_: Any) -> Any:
        raise Mute

    with pytest.raises(KernelRaised, match=r"^Mute$"):
        InProcess(kernel)(CASE)


def test_an_interrupt_is_the_users_and_goes_on() -> None:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        InProcess(kernel)(CASE)


def test_a_mutated_input_is_named() -> None:
    assert InProcess(_kernels.mutates)(CASE).mutated == ("query",)


def test_a_reused_output_buffer_is_named() -> None:
    call = InProcess(_kernels.Buffered())
    call(CASE)

    again = call(CASE.replace(value=-CASE.value))

    assert again.mutated == ("an earlier result",)


def test_a_buffer_of_one_shape_is_named_when_that_shape_comes_again() -> None:
    call = InProcess(_kernels.Buffered())
    call(CASE)
    call(build(ATTENTION.recipe(queries=5, keys=4, width=2, value_width=2)))

    again = call(CASE.replace(value=-CASE.value))

    assert again.mutated == ("an earlier result",)


def test_a_result_that_is_an_argument_may_change_with_it() -> None:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        return query

    caller = Caller(kernel)
    query = CASE.query.copy()
    caller([query, CASE.key, CASE.value], {}, CASE.results)
    query[...] = 0

    _, changed = caller([CASE.query, CASE.key, CASE.value], {}, CASE.results)

    assert not changed


def test_a_result_is_a_copy_of_its_own() -> None:
    call = InProcess(_kernels.Buffered())
    first = call(CASE).output.copy()

    kept = call(CASE)
    call(CASE.replace(value=-CASE.value))

    np.testing.assert_array_equal(first, kept.output)


SOFTMAX = KINDS["softmax"].case(KINDS["softmax"].recipe(length=3))


def test_a_function_that_reuses_its_result_changes_what_it_had_returned() -> None:
    kept = np.zeros_like(SOFTMAX["scores"])

    def softmax(scores: Array) -> Array:
        kept[...] = KINDS["softmax"].definition(scores)
        return kept

    caller = InProcess(softmax)
    caller(SOFTMAX)

    again = caller(SOFTMAX.replace(scores=SOFTMAX["scores"] + [[0, 1, 2]]))

    assert again.mutated == ("an earlier result",)


def test_a_further_result_that_a_later_call_changes_is_said() -> None:
    kept = np.zeros(CASE.query.shape[:3], np.float32)

    def kernel(query: Any, key: Any, value: Any, *, return_lse: bool) -> Any:
        kept[...] = value.sum()
        return _kernels.right(query, key, value), kept

    caller = InProcess(kernel)
    caller(CASE.with_lse())

    again = caller(CASE.replace(value=-CASE.value).with_lse())

    assert again.mutated == ("an earlier result",)


def test_what_comes_back_is_a_plain_array() -> None:
    class Named(np.ndarray[Any, Any]):
        pass

    def softmax(scores: Array) -> Array:
        return KINDS["softmax"].definition(scores).view(Named)

    assert type(InProcess(softmax)(SOFTMAX).output) is np.ndarray


def test_an_error_that_cannot_be_printed_is_told_in_other_characters() -> None:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        msg = "bad \ud800"
        raise ValueError(msg)

    with pytest.raises(KernelRaised, match=r"ValueError: bad \\ud800"):
        InProcess(kernel)(CASE)
