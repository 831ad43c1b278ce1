from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from attnspec.conformance.process import HEADER_LIMIT, Process
from attnspec.exceptions import KernelCrashed, KernelTimedOut
from tests.conformance import _kernels
from tests.conformance._processes import alive

ECHO = "import sys\nfor line in sys.stdin.buffer:\n sys.stdout.buffer.write(line)"
FOREVER = "import time\ntime.sleep(600)"


def _soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[Process]:
    process = Process([sys.executable, "-u", "-c", request.param])
    yield process
    process.stop()


@pytest.mark.parametrize("process", [ECHO], indirect=True)
def test_what_is_written_can_be_read_in_lines_and_in_bytes(process: Process) -> None:
    process.send([b"one\n", memoryview(b"two\nthree\n")], _soon())

    assert process.line(_soon()) == b"one"
    assert process.exactly(3, _soon()) == b"two"
    assert process.exactly(1, _soon()) == b"\n"
    assert process.line(_soon()) == b"three"


@pytest.mark.parametrize("process", [ECHO], indirect=True)
def test_much_gets_through_both_ways(process: Process) -> None:
    much = bytes(range(256)).replace(b"\n", b"") * 2**12 + b"\n"
    process.send([much], _soon())

    assert process.exactly(len(much), _soon()) == much


@pytest.mark.parametrize("process", [FOREVER], indirect=True)
def test_nothing_waits_beyond_its_deadline(process: Process) -> None:
    start = time.monotonic()
    with pytest.raises(KernelTimedOut):
        process.line(start + 0.2)
    with pytest.raises(KernelTimedOut):
        process.exactly(1, start + 0.4)
    with pytest.raises(KernelTimedOut):
        process.send([bytes(2**24)], start + 0.6)  # More than a pipe holds.

    assert 0.6 <= time.monotonic() - start < 20


@pytest.mark.parametrize(
    ("process", "message"),
    [
        ("raise SystemExit(3)", r"^ended the process with exit code 3$"),
        ("raise SystemExit(0)", r"^ended the process with exit code 0$"),
        ("import os; os.kill(os.getpid(), 11)", r"^ended the process by SIGSEGV$"),
        ("import os; os.kill(os.getpid(), 9)", r"^ended the process by SIGKILL$"),
        ("import os; os.kill(os.getpid(), 40)", r"^ended the process by signal 40$"),
        (
            "import os; os.write(2, b'no\\n\\n'); os._exit(1)",
            r"code 1; last words: no$",
        ),
        ("import os; print('ab', end='')", r"^ended the process with exit code 0$"),
        (f"import os; os.close(1); {FOREVER}", r"^closed its standard output; the pro"),
        (f"print('x' * {2 * HEADER_LIMIT}); {FOREVER}", r"no line ends within 1 MiB"),
    ],
    indirect=["process"],
)
def test_how_a_program_ended_is_said(process: Process, message: str) -> None:
    with pytest.raises(KernelCrashed, match=message):
        process.line(_soon())


@pytest.mark.parametrize(
    "process",
    ["import sys\nwhile True: sys.stderr.write('x' * 99 + '\\n')"],
    indirect=True,
)
def test_printing_without_end_fills_nothing_and_has_a_deadline(
    process: Process,
) -> None:
    with pytest.raises(KernelTimedOut):
        process.line(_soon(0.5))

    assert str(process.crashed("stops")).endswith(f"last words: {'x' * 99}")


def test_a_program_that_cannot_be_started_is_said() -> None:
    process = Process(["/no/such/program"])

    with pytest.raises(KernelCrashed, match="/no/such/program: No such file"):
        process.line(_soon())


DESCENDANTS = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(0); os.close(1); os.close(2)
        time.sleep(600)
    os._exit(0)
os.write(1, b"ready\\n")
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")


@LINUX
@pytest.mark.parametrize("after", [FOREVER, ""], ids=["stopped", "ended"])
def test_no_descendant_outlives_a_program(
    after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", mark := f"test-{os.getpid()}-{time.monotonic_ns()}")
    process = Process([sys.executable, "-c", DESCENDANTS + after])
    assert process.line(_soon()) == b"ready"
    if not after:
        with pytest.raises(KernelCrashed):
            process.line(_soon())
    process.stop()

    assert alive(mark) == {}


OF_ITS_GUARD = "import os, signal\nos.kill(os.getppid(), signal.{})\n"
CHAIN = """
import os, time
until = time.monotonic() + 30
os.write(1, b"ready\\n")
if os.fork():
    time.sleep(600)
os.close(0); os.close(1); os.close(2)
while time.monotonic() < until:
    if os.fork():
        os._exit(0)
"""


@LINUX
@pytest.mark.parametrize(
    "program",
    [
        DESCENDANTS + OF_ITS_GUARD.format("SIGKILL") + FOREVER,
        DESCENDANTS + OF_ITS_GUARD.format("SIGSTOP") + FOREVER,
        CHAIN,
    ],
    ids=["kills its guard", "stops its guard", "goes on in ever new processes"],
)
def test_no_descendant_outlives_a_program_that_resists(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", mark := f"test-{os.getpid()}-{time.monotonic_ns()}")
    process = Process([sys.executable, "-c", program])
    assert process.line(_soon()) == b"ready"
    time.sleep(0.3)
    process.stop()

    assert alive(mark) == {}


JUDGE = """
import sys, time
from attnspec.conformance.process import Process
process = Process([sys.executable, "-c", sys.argv[1]])
process.line(time.monotonic() + 30)
print("ready", flush=True)
time.sleep(600)
"""
HOLDS_THE_LOCK = f"{DESCENDANTS}\nimport ctypes; ctypes.PyDLL(None).sleep(600)"


@LINUX
@pytest.mark.parametrize("program", [DESCENDANTS + FOREVER, HOLDS_THE_LOCK])
def test_a_program_ends_with_its_judge_whatever_ends_that(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", mark := f"test-{os.getpid()}-{time.monotonic_ns()}")
    command = [sys.executable, "-c", JUDGE, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as judge:  # noqa: S603 - our own program
        assert judge.stdout is not None
        assert judge.stdout.readline() == "ready\n"
        assert len(alive(mark)) >= 3
        judge.send_signal(signal.SIGKILL)
    until = _soon(10)
    while alive(mark) and time.monotonic() < until:
        time.sleep(0.02)

    assert alive(mark) == {}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_is_started_where_standard_streams_are_closed(closed: str) -> None:
    script = (
        "import sys\n"
        "from attnspec.conformance import check_implementation\n"
        f"kernel = {f'{_kernels.__file__}:right'!r}\n"
        "found = check_implementation(kernel, only=['agreement'], tier='smoke')\n"
        "sys.exit(0 if found.conforms else 1)\n"
    )
    line = f'"$0" -c "$1" {closed}'
    command = ["/bin/sh", "-c", line, sys.executable, script]

    assert subprocess.run(command, check=False, timeout=120).returncode == 0  # noqa: S603 - our own
