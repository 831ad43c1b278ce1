from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import check_implementation
from attnspec.conformance.reports import read_report
from attnspec.conformance.reports.restored import failed_in, outcomes_of
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Report
from tests.conformance import _kernels

LAWS = ("agreement", "tail-sweep", "convex-hull", "determinism")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    wishes: dict[str, Any] = {"only": LAWS, "tier": "smoke", "seed": 3}
    return path, check_implementation(_kernels.tail, report=path, **wishes)


def test_outcomes_are_read_as_they_were(run: tuple[Path, Report]) -> None:
    path, report = run
    found = outcomes_of(read_report(path), "report")

    assert tuple(found.values()) == report.outcomes
    assert any(o.finding and o.finding.features for o in report.outcomes)


def test_what_failed_is_read_with_how_it_was_asked(run: tuple[Path, Report]) -> None:
    path, report = run
    found = failed_in(path)

    assert found.only == tuple(o.invariant for o in report.failures)
    assert found.dtypes == ("float32",)
    assert (found.kind, found.tier, found.seed) == ("attention", "smoke", 3)


def test_where_nothing_failed_there_is_nothing_to_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    wishes: dict[str, Any] = {"only": ["agreement"], "tier": "smoke"}
    check_implementation(_kernels.right, report=path, **wishes)

    with pytest.raises(InvalidArgument, match=r"nothing in .* that does not conform"):
        failed_in(path)


@pytest.mark.parametrize(
    "change",
    [
        {"invariant": "no-such-law"},
        {"verdict": "splendid"},
        {"counted": -1},
        {"finding": {"token": "A"}},
        {"reached": None},
    ],
)
def test_a_line_that_says_something_else_is_named(
    run: tuple[Path, Report], change: dict[str, object], tmp_path: Path
) -> None:
    header, result, *_ = run[0].read_text("utf-8").splitlines()
    path = tmp_path / "changed.jsonl"
    changed = json.dumps(json.loads(result) | change)
    path.write_text(f"{header}\n{changed}\n", "utf-8")

    with pytest.raises(InvalidArgument, match=r"^report: "):
        outcomes_of(read_report(path), "report")
