from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from attnspec.conformance.call import InProcess
from attnspec.conformance.worker import Worker, python_server
from attnspec.exceptions import (
    KernelCrashed,
    KernelRaised,
    KernelTimedOut,
    UnusableTarget,
)
from attnspec.judge.far import FAR
from attnspec.judge.layouts import LAYOUTS
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels

FILE = Path(_kernels.__file__)
SMALL = build(ATTENTION.recipe(queries=2, keys=3, width=2, value_width=2))
LARGE = build(ATTENTION.recipe(queries=2, keys=9, width=2, value_width=2))


def _worker(target: str, deadline: float = 0.5) -> Worker:
    opening = {"kind": "attention", "target": target, "arrays": "numpy"}
    return Worker(python_server(), opening, deadline=deadline, prepared=True)


@pytest.fixture
def open_worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    worker = _worker(f"{FILE}:{request.param}")
    worker.start()
    yield worker
    worker.close()


@pytest.mark.parametrize("open_worker", ["right"], indirect=True)
def test_a_worker_returns_what_the_kernel_returns(open_worker: Worker) -> None:
    expected = _kernels.right(SMALL.query, SMALL.key, SMALL.value)

    np.testing.assert_array_equal(expected, open_worker(SMALL).output)


@pytest.mark.parametrize("open_worker", ["raises"], indirect=True)
def test_a_worker_passes_on_what_the_kernel_raises(open_worker: Worker) -> None:
    with pytest.raises(KernelRaised, match="ValueError: no such kernel"):
        open_worker(SMALL)


@pytest.mark.parametrize("open_worker", ["raises_because"], indirect=True)
def test_what_led_to_an_error_is_told_as_in_this_process(open_worker: Worker) -> None:
    with pytest.raises(KernelRaised) as here:
        InProcess(_kernels.raises_because)(SMALL)
    with pytest.raises(KernelRaised) as there:
        open_worker(SMALL)

    assert str(there.value) == str(here.value)
    assert "because of ValueError: no such kernel" in str(here.value)


@pytest.mark.parametrize("open_worker", ["dies"], indirect=True)
def test_a_worker_that_dies_is_replaced_and_says_its_last_words(
    open_worker: Worker,
) -> None:
    with pytest.raises(KernelCrashed, match="exit code 7; last words: illegal access"):
        open_worker(LARGE)

    assert open_worker(SMALL).output.shape == (1, 1, 2, 2)


@pytest.mark.parametrize("open_worker", ["hangs"], indirect=True)
def test_a_worker_that_hangs_is_stopped_and_replaced(open_worker: Worker) -> None:
    open_worker(SMALL)
    start = time.monotonic()
    with pytest.raises(KernelTimedOut, match=r"did not return within 0\.5 s"):
        open_worker(LARGE)

    assert time.monotonic() - start < 60
    assert open_worker(SMALL).output.shape == (1, 1, 2, 2)


@pytest.mark.parametrize("open_worker", ["prints"], indirect=True)
def test_what_a_kernel_prints_stays_in_its_process(
    open_worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    open_worker(SMALL)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("open_worker", ["stale"], indirect=True)
def test_a_restarted_worker_has_no_past(open_worker: Worker) -> None:
    open_worker(SMALL)
    other = SMALL.replace(value=-SMALL.value)
    open_worker.restart()

    expected = _kernels.right(other.query, other.key, other.value)
    np.testing.assert_array_equal(expected, open_worker(other).output)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "import os; os._exit(5)",
            "importing it failed: it ended the process with exit code 5$",
        ),
        ("import os; os.kill(os.getpid(), 40)", "ended the process by signal 40$"),
        ("raise ValueError('no device')", "raises ValueError: no device$"),
        ("while True: pass", "did not return within 1 s; a longer --deadline gives"),
    ],
)
def test_a_module_that_cannot_be_imported_is_unusable(
    tmp_path: Path, program: str, message: str
) -> None:
    file = tmp_path / "gone.py"
    file.write_text(f"{program}\n")
    worker = _worker(f"{file}:kernel")

    with pytest.raises(UnusableTarget, match=message):
        worker.start()
    worker.close()


def test_the_first_call_may_take_longer_for_as_long_as_it_needs_that() -> None:
    slow, quick = (_worker(f"{FILE}:{name}") for name in ("compiles", "right"))
    for _ in range(2):
        for worker in (slow, quick):
            worker.start()
            worker(SMALL)  # `compiles` takes 0.7 s for it, more than a deadline,
            worker(SMALL)  # and then no time.
            worker.restart()

    assert (slow.first_deadline, quick.first_deadline) == (1.0, 0.5)
    for worker in (slow, quick):
        worker.close()


@pytest.mark.parametrize("open_worker", ["buffered"], indirect=True)
def test_a_result_that_a_later_call_changes_is_said(open_worker: Worker) -> None:
    assert open_worker(SMALL).mutated == ()
    assert open_worker(SMALL.replace(value=-SMALL.value)).mutated == (
        "an earlier result",
    )


@pytest.mark.parametrize("open_worker", ["first_operand"], indirect=True)
def test_a_result_may_be_a_view_of_an_operand(open_worker: Worker) -> None:
    for sign in (1, -1, 1, -1):
        found = open_worker(SMALL.replace(query=sign * SMALL.query))

        assert found.mutated == ()
        np.testing.assert_array_equal(sign * SMALL.query, found.output)


@pytest.mark.parametrize("open_worker", ["beyond"], indirect=True)
def test_what_is_written_beside_an_operand_is_seen_here(open_worker: Worker) -> None:
    assert open_worker(SMALL).mutated == ("key",)


@pytest.mark.parametrize("open_worker", ["mutates"], indirect=True)
def test_every_layout_gets_through(open_worker: Worker) -> None:
    for layout in LAYOUTS:
        case = LARGE.replace(layouts={"*": layout})
        expected = _kernels.right(case.query, case.key, case.value)
        found = open_worker(case)

        np.testing.assert_array_equal(expected, found.output)
        assert found.mutated == ("query",)


@pytest.mark.parametrize("open_worker", ["strides"], indirect=True)
def test_what_lies_far_apart_does_so_where_the_kernel_runs(open_worker: Worker) -> None:
    found = open_worker(SMALL.replace(layouts={"key": FAR}))

    # Along the keys: an axis before them has one element, and steps over all of them.
    assert found.output.ravel()[2] == 4 * 2**31 / 2
    assert found.mutated == ()


@pytest.mark.parametrize("open_worker", ["mutates"], indirect=True)
def test_a_write_into_what_lies_far_apart_is_seen(open_worker: Worker) -> None:
    found = open_worker(SMALL.replace(layouts={"query": FAR}))

    assert found.mutated == ("query",)


PROGRAM = """
import json, sys
number = int(json.loads(sys.stdin.readline())["number"])
print(json.dumps({"answer": number, "description": {}}), flush=True)
question = json.loads(sys.stdin.buffer.readline())
sys.stdin.buffer.read(question.get("payload", 0))
block = question["block"]["size"]
result = {"name": "output", "dtype": "float32", "shape": [1, 1, 2, 2]}
answer = {"answer": 1, "results": [result], "payload": 16 + block}
answer |= CHANGES
sys.stdout.buffer.write(json.dumps(answer).encode() + bytes([10]))
sys.stdout.buffer.write(bytes(1 << 16))
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answer": 2}, "answers question 2 where 1 was asked"),
        ({"payload": 16}, "announces 16 bytes where its results have"),
        ({"payload": "16"}, "announces '16' bytes where its results have"),
        ({"results": []}, "gave other results than output"),
        ({"results": None}, "gave no results"),
        ({"unknown": True, "results": None}, "gave no results"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_crash(
    changes: dict[str, object], message: str
) -> None:
    program = PROGRAM.replace("CHANGES", repr(changes))
    command = [sys.executable, "-c", program]
    worker = Worker(command, {"kind": "attention"}, deadline=10.0)
    worker.start()

    with pytest.raises(KernelCrashed, match=message):
        worker(SMALL)
    worker.close()
