from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from attnspec.conformance.targets import Request
from attnspec.conformance.worker import Worker
from attnspec.exceptions import (
    KernelCrashed,
    KernelRaised,
    KernelTimedOut,
    UnusableTarget,
)
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels

FILE = Path(_kernels.__file__)
SMALL = build(ATTENTION.recipe(queries=2, keys=3, width=2, value_width=2))
LARGE = build(ATTENTION.recipe(queries=2, keys=9, width=2, value_width=2))


@pytest.fixture
def open_worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    worker = Worker(Request(f"{FILE}:{request.param}"), deadline=0.5)
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


def test_a_module_that_ends_the_process_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "gone.py"
    file.write_text("import os\nos._exit(5)\n")
    worker = Worker(Request(f"{file}:kernel"))

    with pytest.raises(UnusableTarget, match=r"importing it ended the process .* 5"):
        worker.start()
    worker.close()


def test_the_current_recipe_is_on_disk_until_the_end() -> None:
    worker = Worker(Request("embedded"))
    worker.note("agreement", ATTENTION.recipe(keys=7))

    assert '"keys": 7' in worker.journal.read_text()
    worker.close()
    assert not worker.journal.exists()
