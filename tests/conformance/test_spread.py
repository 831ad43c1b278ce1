from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis.errors import HypothesisDeprecationWarning

from attnspec.conformance import Verdict, check_implementation
from attnspec.conformance.check import judge
from attnspec.conformance.executors import cores, processes
from attnspec.conformance.spread import Spread, Task, do
from attnspec.conformance.targets import Request, open_target
from attnspec.conformance.units import Here, Source, Unit
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Report
from attnspec.kinds.registry import kind_named
from tests._in_ci import share
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = _kernels.__file__
LAWS = ("agreement", "tail-sweep", "convex-hull", "determinism")


def _run(
    target: str, spreading: Callable[[Here], Source] = lambda here: here, **wishes: Any
) -> Report:
    request = Request(target)
    asked = {"only": LAWS, "tier": "smoke", **wishes}
    with open_target(request, deadline=2) as (call, known):
        report = judge(call, known, spreading=spreading, **asked)
    outcomes = (dataclasses.replace(o, seconds=0) for o in report.outcomes)
    return report.replace(outcomes=tuple(outcomes), seconds=0)


def _over(executor: Executor, target: str) -> Callable[[Here], Source]:
    return lambda here: Spread(executor, Request(target), 2, here, width=2, worth=0)


@pytest.fixture(scope="module")
def two() -> Iterator[Executor]:
    with processes(2) as executor:
        yield executor


@pytest.mark.slow
@pytest.mark.parametrize("kernel", share(["tail", "bf16_scores"], 2))
def test_two_processes_find_what_one_finds(kernel: str, two: Executor) -> None:
    target = f"{FILE}:{kernel}"
    one, other = _run(target), _run(target, _over(two, target))

    assert other.outcomes == one.outcomes
    told = [
        [(c.headline.invariant, len(c.others), c.relaxation) for c in report.causes]
        for report in (one, other)
    ]
    assert told[0] == told[1]


@pytest.mark.slow
def test_after_three_time_outs_no_law_is_asked_in_two_processes(two: Executor) -> None:
    target = f"{__file__}:slow_for_many_keys"
    asked = ("agreement", "tail-sweep", "row-sums", "convex-hull")
    one, other = (
        _run(target, over, only=asked)
        for over in (lambda here: here, _over(two, target))
    )

    assert [o.verdict for o in one.outcomes][-1] is Verdict.NOT_RUN
    assert other.outcomes == one.outcomes


def slow_for_many_keys(query: Any, key: Any, value: Any) -> Any:
    """Take longer than any deadline, but for the simplest calls."""
    if key.shape[2] > 4:
        time.sleep(60)
    return _kernels.right(query, key, value)


class _Broken(Executor):
    """Loses every unit but the first few."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._inner = ThreadPoolExecutor(1)

    def submit(self, *words: Any, **how: Any) -> Future[Any]:
        if self._kept <= 0:
            raise BrokenExecutor
        self._kept -= 1
        return self._inner.submit(*words, **how)


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_what_an_executor_loses_is_judged_here(kept: int) -> None:
    target, laws = f"{FILE}:tail", ("tail-sweep", "determinism")
    one, other = (
        _run(target, over, only=laws)
        for over in (lambda here: here, _over(_Broken(kept), target))
    )

    assert other.outcomes == one.outcomes


def test_the_first_failure_stops_all() -> None:
    target = f"{FILE}:raises"
    with ThreadPoolExecutor(1) as executor:
        found = _run(target, _over(executor, target), stop_at_first=True)

    first, *others = found.outcomes
    assert not first.conforms
    assert {o.verdict for o in others} == {Verdict.NOT_RUN}


def test_a_function_is_judged_in_one_process() -> None:
    with pytest.raises(InvalidArgument, match="jobs: a function is judged in this"):
        check_implementation(_kernels.right, jobs=2)


@pytest.mark.parametrize("jobs", [0, -1, True, 1.5])
def test_a_number_of_processes_is_whole_and_positive(jobs: Any) -> None:
    with pytest.raises(
        InvalidArgument, match=r"jobs: expected (1 or more|an integer), got"
    ):
        check_implementation("embedded", jobs=jobs, only=["agreement"])


def test_there_is_a_processor() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


ALONE = f"""
import atexit, sys
sys.path.append({str(Path(__file__).parents[2])!r})  # As tests/conftest.py does.
atexit.register(lambda: print(len(spread._opened)))  # The first one is called last.

from attnspec.conformance import spread
from tests.conformance import test_spread as tests

with tests.ThreadPoolExecutor(1) as executor:
    target = {f"{FILE}:right"!r}
    tests._run(target, tests._over(executor, target), only=["determinism"])
print(len(spread._opened))
"""


def test_a_process_closes_its_kernels_before_it_ends() -> None:
    ended = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False
    )

    assert (ended.stdout.split(), ended.stderr) == (["1", "0"], "")


SCRIPT = """
import os, signal, time
from attnspec.conformance.executors import processes

if __name__ == "__main__":
    # A shell starts what it does not wait for with interrupts ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with processes(2) as executor:
        for number in executor.map(pid, range(2)):
            print(number, flush=True)
        time.sleep(60)
"""


def _is_there(number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_the_one_that_started_them(number: signal.Signals) -> None:
    script = SCRIPT.replace("pid", "os.getpgid")
    process = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", script], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    own = _children(process.pid)
    process.send_signal(number)
    process.wait(30)
    end = time.monotonic() + 30
    while any(map(_is_there, own)) and time.monotonic() < end:
        time.sleep(0.05)

    assert own
    assert not any(map(_is_there, own))
    process.stdout.close()


INTERRUPTED = """
import contextlib, os, signal
from attnspec.conformance.executors import processes

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), processes(2) as executor:
        print("ready", flush=True)
        executor.submit(os.getpid).result()
"""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.05, 0.1, 0.3])
def test_a_process_that_is_interrupted_as_it_starts_says_nothing(delay: float) -> None:
    process = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)

    assert process.communicate(timeout=60)[1] == b""


def _children(number: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(words[1]) == number:
                found.append(int(stat.parent.name))
    return found


def test_what_a_worker_draws_for_itself_is_no_warning_of_ours() -> None:
    request = Request(f"{_kernels.__file__}:right")
    with open_target(request) as (_, known):
        dialect = kind_named(known.kind).default()
        unit = Unit("convex-hull", "float32", known, dialect, "smoke", 0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        done = do(Task(request, 20.0, unit))
        warnings.warn(
            "Do not use the `random` module inside strategies",
            HypothesisDeprecationWarning,
            stacklevel=1,
        )

    assert done.outcome is not None
    assert not said
