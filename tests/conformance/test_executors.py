"""Units on a Dask cluster; without Dask these tests are skipped."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance.check import judge
from attnspec.conformance.executors import (
    _check_versions,
    places,
    spreading_over,
)
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Outcome
from tests.conformance import _kernels
from tests.faces import _numpy

TARGET = f"{_kernels.__file__}:tail"
LAWS = ("agreement", "tail-sweep", "convex-hull", "determinism")

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("default")]


def _outcomes(scheduler: str = "") -> tuple[Outcome, ...]:
    request = Request(TARGET)
    where: dict[str, Any] = {"scheduler": scheduler} if scheduler else {"jobs": 1}
    with (
        open_target(request) as (call, known),
        spreading_over(request, 20, **where) as spreading,
    ):
        report = judge(call, known, only=LAWS, tier="smoke", spreading=spreading)
    return tuple(dataclasses.replace(o, seconds=0) for o in report.outcomes)


@pytest.fixture
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="attnspec[dask]")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as found:
        yield found


@pytest.mark.slow
def test_a_cluster_finds_what_one_process_finds(cluster: Any) -> None:
    assert _outcomes(cluster.scheduler_address) == _outcomes()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(cluster: Any) -> None:
    killed: list[int] = []

    def kill() -> None:
        time.sleep(1)
        number = next(iter(cluster.workers.values())).pid
        killed.append(number)
        os.kill(number, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = _outcomes(cluster.scheduler_address)
    killer.join()

    assert found == _outcomes()
    assert killed


def test_a_worker_that_has_another_version_or_none_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"expected attnspec .*; tcp://a has 1"):
        _check_versions({"tcp://a": "1"})
    with pytest.raises(InvalidArgument, match=r"tcp://a says ModuleNotFoundError"):
        _check_versions({"tcp://a": ModuleNotFoundError("No module named 'attnspec'")})


def test_a_worker_that_is_lost_before_it_has_said_its_version_is_no_error() -> None:
    with pytest.raises(InvalidArgument, match="; tcp://b has 1"):
        _check_versions({"tcp://a": OSError("closed"), "tcp://b": "1"})


def test_where_nothing_answers_the_address_is_named() -> None:
    pytest.importorskip("distributed", reason="attnspec[dask]")
    with (
        pytest.raises(InvalidArgument, match="scheduler: nothing answers at 'tcp://"),
        places(scheduler="tcp://127.0.0.1:9", patience=1),
    ):
        pass


def test_without_dask_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InvalidArgument, match=r"pip install 'attnspec\[dask\]'"),
        places(scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_a_cluster_has_its_own_number_of_processes() -> None:
    with (
        pytest.raises(InvalidArgument, match="jobs: the workers of a cluster"),
        places(jobs=2, scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_one_process_is_this_one() -> None:
    with places(jobs=1) as found:
        assert found is None
    with places(jobs=2) as several:
        assert several is not None
        assert several.width == 2


@pytest.mark.slow
def test_face_arrays_and_device_are_those_of_the_call_on_a_cluster(
    cluster: Any,
) -> None:
    words = ["check", f"{_numpy.__file__}:window_off_by_one", "--tier", "smoke"]
    words += ["--face", "flash-attn", "--arrays", "numpy", "--device", "cpu"]
    words += ["--dtype", "float32", "--only", "window-support", "--only", "agreement"]
    here = CliRunner().invoke(main, words)
    there = CliRunner().invoke(main, [*words, "--scheduler", cluster.scheduler_address])

    assert here.exit_code == there.exit_code == 1, there.output
    assert "face            flash-attn" in there.output
    assert "window_size=(" in there.output
    assert _without_seconds(there.output) == _without_seconds(here.output)


def _without_seconds(output: str) -> str:
    """Return a report without how long it took."""
    return re.sub(r"[\d.]+ s\b", "", output)
