from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import check_implementation
from attnspec.conformance.reports.comparing import compared
from tests.conformance import _kernels

LAWS = ("agreement", "tail-sweep", "determinism")


def _report(path: Path, kernel: Any, *laws: str, seed: int = 0) -> Path:
    wishes: dict[str, Any] = {"only": laws or LAWS, "tier": "smoke", "seed": seed}
    check_implementation(kernel, report=path, **wishes)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("reports")
    _report(found / "right.jsonl", _kernels.right)
    _report(found / "tail.jsonl", _kernels.tail)
    return found


def test_a_run_that_is_made_again_has_not_changed(folder: Path, tmp_path: Path) -> None:
    again = _report(tmp_path / "again.jsonl", _kernels.tail)
    found = compared(folder / "tail.jsonl", again)

    assert found.changes == ()
    assert found.runs == ()
    assert str(found) == "0 laws changed"


def test_a_law_that_breaks_is_told_with_its_finding(folder: Path) -> None:
    found = compared(folder / "right.jsonl", folder / "tail.jsonl")
    back = compared(folder / "tail.jsonl", folder / "right.jsonl")

    assert ("float32", "tail-sweep") in [change.key for change in found.changes]
    assert "tail-sweep (float32): passed -> failed\n  new finding: " in str(found)
    assert "tail-sweep (float32): failed -> passed\n  gone finding: " in str(back)


def _wrong_from(keys: int) -> Any:
    """Return a kernel that is wrong for so many keys or more."""

    def kernel(query: Any, key: Any, value: Any) -> Any:
        output = _kernels.right(query, key, value)
        return output + 1 if key.shape[2] >= keys else output

    return kernel


def test_another_finding_of_a_law_that_fails_in_both_is_a_change(
    tmp_path: Path,
) -> None:
    one, other = (
        _report(tmp_path / f"{keys}.jsonl", _wrong_from(keys), "agreement")
        for keys in (1, 5)
    )
    found = compared(one, other)
    (change,) = found.changes
    said = str(found).splitlines()

    assert change.verdicts == ("failed", "failed")
    assert said[-6] == "agreement (float32): failed"
    assert [line.split(":")[0] for line in said[-5::2]] == [
        "  new finding",
        "  gone finding",
        "1 law changed",
    ]


def test_a_law_that_is_in_one_report_alone_is_a_change(
    folder: Path, tmp_path: Path
) -> None:
    fewer = _report(tmp_path / "fewer.jsonl", _kernels.right, "agreement")
    found = compared(folder / "right.jsonl", fewer)

    assert {c.verdicts for c in found.changes} == {("passed", "not there")}
    assert len(found.changes) == 2


def test_another_seed_is_told_and_is_no_change(folder: Path, tmp_path: Path) -> None:
    other = _report(tmp_path / "other.jsonl", _kernels.right, seed=1)
    found = compared(folder / "right.jsonl", other)

    assert found.runs == ("seed: 0 -> 1",)
    assert found.changes == ()


def test_a_report_that_was_cut_short_is_told(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "right.jsonl").read_text(encoding="utf-8").splitlines()
    short = tmp_path / "short.jsonl"
    short.write_text("\n".join(lines[:3]), encoding="utf-8")
    found = compared(folder / "right.jsonl", short)

    assert found.runs == ("the second report was cut short",)
