from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import check_implementation
from tests.conformance import _kernels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("reports")
    for name in ("right", "tail"):
        check_implementation(
            getattr(_kernels, name),
            report=found / f"{name}.jsonl",
            only=["tail-sweep"],
            tier="smoke",
        )
    return found


def test_the_exit_code_says_whether_something_has_changed(folder: Path) -> None:
    one, other = str(folder / "right.jsonl"), str(folder / "tail.jsonl")
    same = CliRunner().invoke(main, ["compare", one, one])
    changed = CliRunner().invoke(main, ["compare", one, other])

    assert (same.exit_code, changed.exit_code) == (0, 1)
    assert same.stdout == "0 laws changed\n"
    assert "tail-sweep (float32): passed -> failed" in changed.stdout


def test_what_is_no_report_ends_with_2(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text("something else\n", encoding="utf-8")
    words = ["compare", str(folder / "right.jsonl"), str(other)]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert "other.jsonl" in done.stderr


def test_what_failed_is_run_again_by_its_tier_and_seed(
    folder: Path, tmp_path: Path
) -> None:
    report, again = folder / "tail.jsonl", tmp_path / "again.jsonl"
    words = ["check", f"{_kernels.__file__}:tail", "--only-failed", str(report)]
    done = CliRunner().invoke(main, [*words, "--report", str(again)])
    compared = CliRunner().invoke(main, ["compare", str(report), str(again)])

    assert done.exit_code == 1
    assert "target: " in compared.stdout
    assert compared.stdout.endswith("0 laws changed\n")


def test_what_failed_is_all_that_is_run(folder: Path) -> None:
    words = [
        "check",
        "--only-failed",
        str(folder / "tail.jsonl"),
        "--only",
        "agreement",
    ]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert "only-failed: expected in place of --only and --dtype" in done.stderr
