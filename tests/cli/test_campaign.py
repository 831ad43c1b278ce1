from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner

from attnspec.cli import main
from tests.conformance import _kernels

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
