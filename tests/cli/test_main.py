from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from attnspec.conformance import libraries, recording
from attnspec.conformance.reports import read_report
from attnspec.judge.tokens import Token
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import DEFAULT_KIND, INVARIANTS, invariants_of
from tests.conformance import _kernels

FILE = _kernels.__file__

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(main, list(map(str, words)))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("check --tier fast", "--tier: expected one of smoke, standard, thorough; got"),
        ("check --claim grouped_qery", "did you mean 'grouped_query'?"),
        ("check --dtype float33", "--dtype: expected one of float64, float32"),
        ("check --only tail-swep", "did you mean 'tail-sweep'?"),
        ("check --seed x", "--seed: "),
        (
            "check --deadline 0",
            "deadline: expected more than 0 and at most 604,800 seconds, got 0",
        ),
        ("check --no-such-option", "--no-such-option"),
        ("check embeded", "did you mean 'embedded'?"),
        ("check no_such_file.py:kernel", "there is no file no_such_file.py"),
        ("check no_such_module:kernel", "importing no_such_module raises"),
        ("check --deviations no_such_file", "attnspec: no_such_file cannot be read"),
        ("check --report no/such/folder", "report: no/such/folder cannot be written"),
        ("check --junit no/such/folder", "junit: no/such/folder cannot be written"),
        ("describe embeded", "did you mean 'embedded'?"),
        ("invariants tail-swep", "did you mean 'tail-sweep'?"),
        ("replay embedded", "TOKEN: "),
        ("replay embedded Axy", "token: 'Axy' is no token of attnspec"),
        ("chekc", "Did you mean 'check'?"),
    ],
)
def test_a_wrong_request_ends_with_2_and_one_line(
    run: Run, words: str, message: str
) -> None:
    done = run(*words.split())

    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.startswith("attnspec: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_token_of_other_data_ends_with_2(run: Run) -> None:
    token = str(
        Token(
            ATTENTION, ATTENTION.laws["agreement"], ATTENTION.recipe(), checksum="0" * 8
        )
    )

    done = run("replay", "embedded", token)

    assert done.exit_code == 2
    assert "token: the data of this recipe have the checksum" in done.stderr


def _raising(error: Exception) -> Callable[..., int]:
    """Return a function that raises whatever it is called with."""

    def fail(*_: object, **__: object) -> int:
        raise error

    return fail


def test_a_fault_of_our_own_ends_with_3_and_keeps_the_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recording, "recorded", _raising(RuntimeError("the sky falls")))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    done = run("check")

    (log,) = tmp_path.iterdir()
    assert done.exit_code == 3
    assert "Traceback" not in done.output
    assert "RuntimeError: the sky falls" in done.stderr
    assert str(log) in done.stderr
    assert "Traceback" in log.read_text("utf-8")


def test_a_file_that_ends_early_is_no_interrupt(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cut = EOFError("marshal data too short")
    monkeypatch.setattr(recording, "recorded", _raising(cut))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    done = run("check")

    assert done.exit_code == 3
    assert "marshal data too short" in done.stderr
    assert "interrupted" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_ends_as_shells_say_it_with_an_incomplete_report(
    number: signal.Signals, tmp_path: Path
) -> None:
    path, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"
    # A shell starts what runs in the background with interrupts ignored, nohup with
    # SIGHUP ignored.
    program = (
        "import runpy, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "runpy.run_module('attnspec', run_name='__main__', alter_sys=True)\n"
    )
    command = [sys.executable, "-c", program, "check", "embedded"]
    command += ["--tier", "thorough", "--report", str(path)]
    command += ["--junit", str(xml)]

    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end and not (
            path.exists() and path.read_text("utf-8").count("\n")
        ):
            time.sleep(0.05)
        process.send_signal(number)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode == 128 + number
    assert err == "attnspec: interrupted\n"
    assert "was not judged to the end" in out
    assert read_report(path).footer is not None
    assert not read_report(path).complete
    assert xml.exists()


def test_what_a_signal_did_before_a_command_it_does_again_after_it(run: Run) -> None:
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}

    run("kinds", "rope")

    assert before == {n: signal.getsignal(n) for n in before}


def test_a_signal_that_is_ignored_stays_so() -> None:
    program = (
        "import os, signal\n"
        "from attnspec.cli import main\n"
        "import attnspec.conformance.reports.lists as lists\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "lists.listed_kinds = lambda: os.kill(os.getpid(), signal.SIGHUP) or ['on']\n"
        "main(['kinds'])"
    )

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "on\n")


def test_a_command_runs_in_any_thread(run: Run) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(run, "kinds", "rope").result()

    assert done.exit_code == 0


def test_nobody_reading_any_more_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "attnspec", "invariants"]

    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(  # noqa: S603 - our own command
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, done.stderr) == (141, "")


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "attnspec", "check", f"{FILE}:tail", "-x"]
    command += ["--tier", "smoke", "--only", "tail-sweep"]

    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILED tail-sweep" in done.stdout


def test_help_waits_for_neither_hypothesis_nor_rich() -> None:
    program = (
        "import sys\n"
        "from attnspec.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print({*sys.modules} & {'hypothesis', 'rich', 'pytest'}, file=sys.stderr)"
    )

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stderr == "set()\n"


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    done = run()

    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_of_80_columns(run: Run, name: str) -> None:
    done = run(name, "--help")

    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_all_invariants_are_listed_with_their_sentence(run: Run) -> None:
    listed = " ".join(run("invariants").stdout.split())

    for law in invariants_of(DEFAULT_KIND):
        assert f"{law.id} {law.sentence}" in listed
    assert "more are about other kinds of functions" in listed


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_is_explained(run: Run, name: str) -> None:
    done = run("invariants", name)

    assert done.exit_code == 0
    assert INVARIANTS[name].clause in done.stdout
    assert all(null in done.stdout for null in INVARIANTS[name].nulls)


def _known() -> Iterator[libraries.Known]:
    yield libraries.Known("here", True, "", "A library that is here.")  # noqa: FBT003
    yield libraries.Known("there", False, "pip install there", "One that is not.")  # noqa: FBT003


def test_targets_say_how_they_are_installed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "known_targets", lambda: tuple(_known()))

    lines = [line.split() for line in run("targets").stdout.splitlines()]

    assert lines[1] == ["installed"]
    assert lines[3] == ["pip", "install", "there"]
