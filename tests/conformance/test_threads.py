from __future__ import annotations

from pathlib import Path

import threadpoolctl

from attnspec.conformance import Verdict
from attnspec.conformance.call import InProcess
from attnspec.conformance.threads import threads
from attnspec.conformance.worker import Worker, python_server
from attnspec.judge.bench import Executor
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels
from tests.kinds._by_hand import verdicts

SMALL = build(ATTENTION.recipe(queries=2, keys=3, width=2, value_width=2))


def _counts(call: Executor) -> list[float]:
    cases = (SMALL.replace(threads=count) for count in (1, 2, 3))
    return [float(call(case).output.max()) for case in cases]


def test_a_call_has_as_many_threads_as_its_case_says() -> None:
    assert _counts(InProcess(_kernels.threads_of_blas)) == [1.0, 2.0, 3.0]


def test_a_call_in_a_process_of_its_own_has_them_too() -> None:
    target = f"{Path(_kernels.__file__)}:threads_of_blas"
    opening = {"kind": "attention", "target": target, "arrays": "numpy"}
    worker = Worker(python_server(), opening, deadline=20.0, prepared=True)
    worker.start()

    found = _counts(worker)
    worker.close()

    assert found == [1.0, 2.0, 3.0]


def test_without_a_number_nothing_is_limited() -> None:
    before = threadpoolctl.threadpool_info()

    with threads(None):
        assert threadpoolctl.threadpool_info() == before


def test_bits_that_depend_on_the_threads_are_seen_where_they_are_promised() -> None:
    assert verdicts("bits-by-threads") == {"thread-bits": Verdict.FAILED}
