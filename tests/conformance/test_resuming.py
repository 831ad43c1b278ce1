from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import check_implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.implementation import as_implementation
from attnspec.conformance.recording import recorded
from attnspec.conformance.reports import Replay
from attnspec.conformance.resuming import Resumed
from attnspec.conformance.targets import Request, open_target
from attnspec.conformance.units import Here, Unit
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Report, Verdict
from attnspec.kinds.registry import kind_named
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = _kernels.__file__
WRONG = f"{FILE}:bf16_scores"
LAWS = ("agreement", "causality", "convex-hull")
OF_TIME = {"started", "environment", "seconds"}


def _run(
    path: Path, target: str = WRONG, *, resume: bool = True, **said: Any
) -> Report:
    request = Request(target)
    wishes = {"only": LAWS, "tier": "smoke", "seed": 0, **said}
    with open_target(request) as (call, known):
        return recorded(
            call,
            known,
            title=target,
            replay=Replay(request.replayed()),
            report=path,
            resume=resume,
            **wishes,
        )


def _said(path: Path) -> list[Any]:
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [{n: v for n, v in line.items() if n not in OF_TIME} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run.jsonl"
    _run(path, resume=False)
    return path


@pytest.mark.parametrize(("kept", "torn"), [(1, 9), (2, 0), (3, 200), (99, 0)])
def test_a_run_that_was_cut_off_ends_as_an_undisturbed_one(
    whole: Path, tmp_path: Path, kept: int, torn: int
) -> None:
    lines = whole.read_bytes().splitlines(keepends=True)
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(lines[:kept]) + b"".join(lines[kept:])[:torn])
    _run(path)

    assert _said(path) == _said(whole)
    assert [file.name for file in tmp_path.iterdir()] == ["run.jsonl"]


@pytest.mark.parametrize("content", [None, b"", b'{"kind": "hea'])
def test_without_a_report_a_run_begins(
    whole: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "run.jsonl"
    if content is not None:
        path.write_bytes(content)
    _run(path)

    assert _said(path) == _said(whole)


def test_what_a_report_says_is_not_judged_again(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = lines[1].replace('"weak": ', '"weak": 1000')
    path.write_text("".join([lines[0], changed]), encoding="utf-8")
    report = _run(path)

    assert report.outcomes[0].weak >= 1000
    assert "".join(lines).count('"weak": 1000') == 0


def test_what_came_after_the_first_failure_is_judged(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    _run(path, stop_at_first=True)
    stopped = path.read_text(encoding="utf-8")
    _run(path)

    assert "stopped at the first failure" in stopped
    assert _said(path) == _said(whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed was 0 there and is 1 here"),
        ({"tier": "standard"}, "tier was 'smoke' there and is 'standard' here"),
        ({"only": LAWS[:2]}, "only was "),
        ({"target": f"{FILE}:right"}, "target was "),
    ],
)
def test_a_report_of_another_run_is_not_resumed(
    whole: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(whole.read_bytes())
    with pytest.raises(InvalidArgument, match=message):
        _run(path, **change)

    assert path.read_bytes() == whole.read_bytes()


def test_a_report_of_another_description_is_not_resumed(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(whole.read_bytes().replace(b'"claims": [', b'"claims": ["x", '))
    with pytest.raises(InvalidArgument, match=r"capabilities\.claims was "):
        _run(path)


def test_a_report_of_another_version_is_not_resumed(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(whole.read_bytes().replace(b'"suite": 1', b'"suite": 77'))
    with pytest.raises(InvalidArgument, match="suite was 77 there and is 1 here"):
        _run(path)


def test_nothing_can_be_resumed_without_a_report() -> None:
    with pytest.raises(InvalidArgument, match="resume: expected a report"):
        check_implementation(_kernels.right, resume=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_signal_loses_nothing(whole: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.jsonl"
    words = [sys.executable, "-m", "attnspec", "check", WRONG, "--tier", "smoke"]
    words += [word for law in LAWS for word in ("--only", law)]
    words += ["--report", str(path), "--resume"]
    process = subprocess.Popen(  # noqa: S603 - ours
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not (path.exists() and path.stat().st_size):
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    process.wait(60)
    subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - ours

    assert _said(path) == _said(whole)


def test_what_laws_before_it_bear_on_is_not_told_from_the_report(
    tmp_path: Path,
) -> None:
    kernel = _kernels.tail
    call, known = InProcess(kernel), as_implementation(kernel).description
    dialect = kind_named(known.kind).default()
    settled = Unit("key-permutation", "float32", known, dialect, "smoke", 0)
    here = Here(call)
    report = Resumed(tmp_path / "run.jsonl", "tail")
    failing = here.ask(settled)
    assert failing is not None
    report.outcomes[settled.key] = failing.outcome
    stored = report.over(here, here)
    found = stored.ask(settled)

    assert failing.outcome.verdict is Verdict.FAILED
    assert stored.ask(dataclasses.replace(settled, is_settled=False)) is None
    assert found is not None
    assert found.outcome is failing.outcome
