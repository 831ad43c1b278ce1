from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from attnspec.conformance.reports import read_report
from tests.conformance import _kernels

RIGHT, TAIL = (f"{_kernels.__file__}:{name}" for name in ("right", "tail"))
FEW = ("--tier", "smoke", "--only", "tail-sweep", "--dtype", "float32")
END = "conforms in the 1 invariant that was asked for"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(os.name != "posix", reason="a shell is used"),
]


def _shell(
    line: str, target: str = RIGHT, *words: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Judge a kernel in a command line of a shell, in which "$@" is the command."""
    command = [sys.executable, "-m", "attnspec", "check", target, *FEW, *words]
    return subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", line, "sh", *map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def _words(text: str) -> str:
    """Return a text in one line: a path may be too long for the first."""
    return " ".join(text.split())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("target", "code"), [(RIGHT, 0), (TAIL, 1)])
def test_a_stream_that_is_closed_changes_no_verdict(
    closed: str, target: str, code: int, tmp_path: Path
) -> None:
    report = tmp_path / "run.jsonl"
    done = _shell(f'"$@" {closed}', target, "--report", report)

    assert done.returncode == code, done.stderr
    assert read_report(report).conforms == (code == 0)


needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full")  # noqa: PTH110 - not a file


@needs_full
@pytest.mark.parametrize(("target", "code"), [(RIGHT, 0), (TAIL, 1)])
def test_what_standard_output_does_not_take_is_on_standard_error(
    target: str, code: int
) -> None:
    done = _shell('"$@" >/dev/full', target)
    unheard = _shell('"$@" >/dev/full 2>/dev/full', target)

    assert done.returncode == unheard.returncode == code
    assert done.stderr.startswith("\nattnspec: standard output cannot be written (")
    end = END if code == 0 else "does not conform"
    assert _words(done.stderr).endswith(end)


@needs_full
def test_a_report_that_cannot_be_written_is_said_before_the_run() -> None:
    done = _shell('"$@"', RIGHT, "--report", "/dev/full")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("attnspec: report: /dev/full cannot be written (")


@needs_full
def test_a_verdict_is_printed_where_junit_cannot_be_written() -> None:
    done = _shell('"$@"', RIGHT, "--junit", "/dev/full")

    assert done.returncode == 2
    assert _words(done.stdout).endswith(END)
    assert done.stderr.startswith("attnspec: junit: /dev/full cannot be written (")


def test_a_reader_that_goes_away_interrupts_the_run(tmp_path: Path) -> None:
    report, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"
    line = '{ "$@"; echo "$?" >&2; } | head -n 1'
    done = _shell(line, RIGHT, "--report", report, "--junit", xml)

    assert done.stdout.startswith("attnspec ")
    assert done.stderr == "141\n"
    assert read_report(report).footer is not None
    assert ET.parse(xml).getroot().tag == "testsuites"  # noqa: S314 - ours


@pytest.mark.parametrize("columns", ["0", "1", "1000000", "x"])
def test_the_report_is_printed_at_any_width(columns: str) -> None:
    done = _shell('"$@"', COLUMNS=columns)

    assert done.returncode == 0
    assert _words(done.stdout).endswith(END)


ASCII = (
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


@pytest.mark.parametrize("environment", ASCII)
def test_a_path_may_have_letters_that_the_locale_lacks(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "kérnel"
    folder.mkdir()
    (folder / "ünï.py").write_text(
        "from attnspec.kernels import tiled_attention as right\n", "utf-8"
    )
    report, xml = folder / "ré.jsonl", folder / "ré.xml"
    words = ("--report", report, "--junit", xml)
    done = _shell('"$@"', f"{folder / 'ünï.py'}:right", *words, **environment)

    assert done.returncode == 0, done.stderr
    assert _words(done.stdout).endswith(END)
    assert read_report(report).conforms
    assert ET.parse(xml).getroot().tag == "testsuites"  # noqa: S314 - ours


def test_laws_without_their_docstrings_are_refused() -> None:
    done = _shell('"$@"', PYTHONOPTIMIZE="2")

    assert done.returncode == 2
    assert "PYTHONOPTIMIZE=2" in done.stderr
    assert done.stderr.count("\n") == 1


def test_laws_without_assertions_hold_as_with_them() -> None:
    assert _shell('"$@"', PYTHONOPTIMIZE="1").returncode == 0
