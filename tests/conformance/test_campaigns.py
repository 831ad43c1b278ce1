from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance.campaigns import Summary, campaign, runs_of
from attnspec.conformance.targets import Request
from attnspec.exceptions import InvalidArgument
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = _kernels.__file__
RIGHT, WRONG = Request(f"{FILE}:right"), Request(f"{FILE}:bf16_scores")
WISHES: dict[str, Any] = {"only": ("agreement",), "tier": "smoke", "dtypes": ()}


def _campaign(folder: Path, *requests: Request, seeds: int = 2, **how: Any) -> Summary:
    wanted = requests or (RIGHT, WRONG)
    return campaign(runs_of(wanted, range(seeds), folder), **{**WISHES, **how})


def _said(folder: Path) -> dict[str, list[Any]]:
    """Return the results of each report, fields of time aside."""
    return {
        path.name: [
            {n: v for n, v in json.loads(line).items() if n != "seconds"}
            for line in path.read_text(encoding="utf-8").splitlines()[1:]
        ]
        for path in sorted(folder.glob("*.jsonl"))
    }


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("one")
    return folder, _campaign(folder, jobs=1)


def test_a_summary_says_which_law_fails_with_which_seeds(
    one: tuple[Path, Summary],
) -> None:
    _, found = one
    (failure,) = found.failures

    assert not found.conforms
    assert found.seeds == 2
    assert found.laws == {RIGHT.title: 1, WRONG.title: 1}
    assert (failure.target, failure.invariant) == (WRONG.title, "agreement")
    assert failure.seeds == (0, 1)
    assert failure.token


def test_two_processes_make_the_reports_of_one(
    one: tuple[Path, Summary], tmp_path: Path
) -> None:
    found = _campaign(tmp_path, jobs=2)

    assert found == one[1]
    assert _said(tmp_path) == _said(one[0])


def test_reports_that_are_finished_are_kept(
    one: tuple[Path, Summary], tmp_path: Path
) -> None:
    for path in one[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    last = max(before)
    lines = (tmp_path / last).read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / last).write_text(lines[0], encoding="utf-8")
    found = _campaign(tmp_path, jobs=1)
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    assert found == one[1]
    assert {name for name in before if before[name] != after[name]} == {last}
    assert _said(tmp_path) == _said(one[0])


def test_a_finished_report_of_another_run_is_refused(
    one: tuple[Path, Summary],
) -> None:
    with pytest.raises(InvalidArgument, match="tier was 'smoke' there"):
        _campaign(one[0], jobs=1, tier="standard")


def test_two_kernels_have_two_reports(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"have one report, a-b-f-seed0\.jsonl"):
        runs_of([Request("a.b:f"), Request("a:b.f")], [0], tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match=r"report: the folder .* cannot be made"):
        _campaign(tmp_path / "file" / "reports", jobs=1)


def test_a_campaign_that_is_interrupted_goes_on(
    one: tuple[Path, Summary], tmp_path: Path
) -> None:
    asked: list[None] = []

    def interrupted() -> None:
        asked.append(None)
        if len(asked) > 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _campaign(tmp_path, jobs=1, interrupted=interrupted)
    cut = _said(tmp_path)

    assert _campaign(tmp_path, jobs=1) == one[1]
    assert cut != _said(tmp_path) == _said(one[0])
