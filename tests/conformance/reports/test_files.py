from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import check_implementation
from attnspec.conformance.reports import check_files
from attnspec.exceptions import InvalidArgument
from attnspec.kernels import tiled_attention


def _run(report: Path, junit: Path) -> None:
    few: dict[str, Any] = {"only": ["agreement"], "tier": "smoke"}
    check_implementation(tiled_attention, report=report, junit=junit, **few)


def test_a_report_is_written_over_by_another(tmp_path: Path) -> None:
    report, junit = tmp_path / "run.jsonl", tmp_path / "run.xml"
    report.touch()

    _run(report, junit)
    _run(report, junit)

    with pytest.raises(InvalidArgument, match=r"report: .* holds something else"):
        check_files(report=junit)
    with pytest.raises(InvalidArgument, match=r"junit: .* holds something else"):
        check_files(junit=report)


@pytest.mark.parametrize("name", ["report", "junit", "csv", "script"])
@pytest.mark.parametrize("content", [b"def kernel(): ...\n", b"\xff\x00", b" ", b"{}"])
def test_what_is_no_report_is_not_written_over(
    name: str, content: bytes, tmp_path: Path
) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_bytes(content)
    (tmp_path / "link").symlink_to(kernel)

    for path in (kernel, tmp_path / "link"):
        with pytest.raises(InvalidArgument, match=f"{name}: .* holds something else"):
            check_files(**{name: path})
    assert kernel.read_bytes() == content


def test_a_report_that_was_cut_off_early_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind": "he')

    check_files(report=path)


def _relative(one: Path) -> Path:
    return Path(os.path.relpath(one))


def _roundabout(one: Path) -> Path:
    return one.parent / ".." / one.parent.name / one.name


def _hard_link(one: Path) -> Path:
    one.touch()
    (other := one.with_name("other")).hardlink_to(one)
    return other


def _symbolic_link(one: Path) -> Path:
    (other := one.with_name("other")).symlink_to(one)
    return other


@pytest.mark.parametrize(
    "other",
    [
        Path,
        _relative,
        _roundabout,
        _hard_link,
        _symbolic_link,
    ],
)
def test_two_reports_need_two_files(
    other: Callable[[Path], Path], tmp_path: Path
) -> None:
    one = tmp_path / "one"

    with pytest.raises(InvalidArgument, match="junit: expected another file than th"):
        check_files(report=one, junit=other(one))


def test_a_device_takes_both_reports() -> None:
    check_files(report=Path(os.devnull), junit=Path(os.devnull))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "it is a folder"),
        ("no/run", "there is no folder"),
        ("run\0", "null (byte|character)"),
        ("x" * 1000, "File name too long"),
    ],
)
def test_a_path_that_cannot_be_written_is_named(
    path: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(
        InvalidArgument, match=f"report: .* cannot be written.*{reason}"
    ):
        check_files(report=tmp_path / path)


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write")
def test_a_folder_that_is_read_only_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    with pytest.raises(InvalidArgument, match="cannot be written: that is not allowed"):
        check_files(report=tmp_path / "run")
