from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = _kernels.__file__
FEW = ("--tier", "smoke", "--only", "tail-sweep", "--jobs", "1")


def test_a_campaign_prints_and_writes_one_summary(tmp_path: Path) -> None:
    words = ["campaign", f"{FILE}:right", f"{FILE}:tail", "--seeds", "2"]
    done = CliRunner().invoke(main, [*words, "--report", str(tmp_path), *FEW])
    with (tmp_path / "summary.csv").open(encoding="utf-8") as file:
        right, tail = csv.DictReader(file)

    assert done.exit_code == 1
    assert (right["law"], right["failed"]) == ("all 1 hold", "0")
    assert (tail["law"], tail["failed"], tail["first"]) == ("tail-sweep", "2", "0")
    assert tail["token"] in done.stdout
    assert len(list(tmp_path.glob("*.jsonl"))) == 4


def test_a_campaign_in_which_all_conform_ends_with_0(tmp_path: Path) -> None:
    words = ["campaign", f"{FILE}:right", "--report", str(tmp_path), *FEW]

    assert CliRunner().invoke(main, words).exit_code == 0


def test_a_campaign_needs_a_folder() -> None:
    done = CliRunner().invoke(main, ["campaign", f"{FILE}:right"])

    assert done.exit_code == 2
    assert "--report" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("", "--report", "runs"), "TARGET: expected words that name a kernel; got ''"),
        ((f"{FILE}:right", "--report", ""), "--report: expected a path; got ''"),
    ],
)
def test_what_is_empty_is_no_kernel_and_no_folder(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["campaign", *words, *FEW])

    assert done.exit_code == 2
    assert message in done.stderr
    assert not any(tmp_path.iterdir())


def test_a_summary_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    summary = tmp_path / "summary.csv"
    summary.write_text("day,sum\n", encoding="utf-8")
    words = ["campaign", f"{FILE}:right", "--report", str(tmp_path), *FEW]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert "summary.csv holds something else" in done.stderr
    assert [*tmp_path.iterdir()] == [summary]
    assert summary.read_text(encoding="utf-8") == "day,sum\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full")
def test_a_summary_that_cannot_be_written_is_printed(tmp_path: Path) -> None:
    (tmp_path / "summary.csv").symlink_to("/dev/full")
    words = ["campaign", f"{FILE}:right", "--report", str(tmp_path), *FEW]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert "all 1 hold" in done.stdout
    assert "summary.csv cannot be written (No space left on device)" in done.stderr
