"""Kernels that mean harm: each gets its verdict, whatever way it is judged."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from attnspec import check_implementation
from attnspec.cli import main
from attnspec.judge.verdicts import Verdict
from tests._in_ci import share
from tests.conformance._processes import alive
from tests.hostile._base import VERDICTS

FAMILIES = (
    *("raising", "ending", "hanging", "writing"),
    *("changing", "returning", "harmless"),
)
for _family in FAMILIES:
    importlib.import_module(f"tests.hostile._{_family}")

pytest_plugins = ["pytester"]
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc is read"),
]

DEADLINE = 1.5
"""Seconds: far more than a small kernel takes, on a loaded machine as well."""

LAWS = ("inputs-unchanged", "agreement")
KERNELS = [pytest.param(target, id=target.partition("._")[2]) for target in VERDICTS]
BY_COMMAND, BY_CALL = share(KERNELS, 6), share(KERNELS, 6, 3)
BY_PYTEST = share(FAMILIES, 7)
"""All ways are one machine."""


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """See that no process outlives a run, and that no file is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    mark = f"hostile-{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv("ATTNSPEC_MARK", mark)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    yield
    until = time.monotonic() + 2  # What has been killed takes a moment to be gone.
    while alive(mark) and time.monotonic() < until:
        time.sleep(0.02)
    assert alive(mark) == {}
    assert list(temporary.iterdir()) == []


def _said(verdicts: list[Verdict]) -> str:
    """Return the first verdict that does not conform, or that all passed."""
    return next((str(v) for v in verdicts if not v.conforms), "passed")


def test_there_are_enough_of_them() -> None:
    assert len(VERDICTS) >= 100


def _checked(target: str) -> tuple[Result, float]:
    """Return what the command did, and the seconds that it took."""
    only = [word for law in LAWS for word in ("--only", law)]
    limits = ["--tier", "smoke", "--deadline", str(DEADLINE), "-x"]
    begun = time.monotonic()
    done = CliRunner().invoke(main, ["check", target, *only, *limits])
    return done, time.monotonic() - begun


@pytest.fixture(scope="module")
def calm() -> float:
    """Return the seconds that a right kernel takes on this machine."""
    done, took = _checked("embedded")
    assert done.exit_code == 0
    return took


@pytest.mark.parametrize("target", BY_COMMAND)
def test_the_command_gives_it_its_verdict(target: str, calm: float) -> None:
    done, took = _checked(target)

    verdicts = VERDICTS[target]
    said = [v for v in Verdict if f"\n{v.upper()} " in done.output]
    assert _said(said) in verdicts, done.output
    assert done.exit_code == (0 if verdicts == ("passed",) else 1)
    assert max(map(len, done.output.splitlines())) < 2_000
    assert all(c.isprintable() or c == "\n" for c in done.output)
    assert "Traceback" not in done.output
    # All that is not the kernel's is in the rest: it may be asked for several workers.
    assert took < 3 * DEADLINE + max(10.0, 5 * calm)


@pytest.mark.parametrize("target", BY_CALL)
def test_a_call_from_python_gives_it_its_verdict(target: str) -> None:
    report = check_implementation(
        target, only=LAWS, tier="smoke", deadline=DEADLINE, stop_at_first=True
    )

    assert _said([o.verdict for o in report.outcomes]) in VERDICTS[target], str(report)


@pytest.mark.parametrize("family", BY_PYTEST)
def test_pytest_gives_it_its_verdict(family: str, pytester: pytest.Pytester) -> None:
    module = f"tests.hostile._{family}:"
    targets = [target for target in VERDICTS if target.startswith(module)]
    asked = [word for target in targets for word in ("--attnspec", target)]
    limits = ["--attnspec-tier", "smoke", "--attnspec-deadline", str(DEADLINE)]
    only = ["--attnspec-only", "agreement"]

    done = pytester.inline_run(*asked, *limits, *only)

    reports = [
        r for r in done.getreports("pytest_runtest_logreport") if r.when == "call"
    ]
    assert len(reports) == len(targets)
    for report, target in zip(reports, targets, strict=True):
        assert target in report.nodeid
        # What changes operands alone is right in what it returns.
        if VERDICTS[target] == ("passed",):
            assert report.passed, report.longreprtext
        elif family not in ("changing", "writing"):
            assert report.failed, target
            assert any(
                f"{v.upper()} agreement" in report.longreprtext
                for v in VERDICTS[target]
            )
