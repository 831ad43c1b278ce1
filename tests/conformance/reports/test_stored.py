from __future__ import annotations

from pathlib import Path

import pytest

from attnspec.conformance.reports import read_report
from attnspec.exceptions import InvalidArgument
from tests.conformance.reports._runs import GREEN, OUTCOMES, REPORT, TARGET, write


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write(tmp_path / "report.jsonl")


def test_a_whole_report_is_read_back(written: Path) -> None:
    report = read_report(written)

    assert report.complete
    assert not report.conforms
    assert [o.invariant for o in OUTCOMES] == [r["invariant"] for r in report.results]
    assert report.header["target"] == TARGET


def test_a_green_report_conforms(tmp_path: Path) -> None:
    assert read_report(write(tmp_path / "green.jsonl", GREEN)).conforms


def test_a_stored_report_that_asked_nothing_does_not_conform(tmp_path: Path) -> None:
    empty = REPORT.replace(outcomes=OUTCOMES[10:12])

    assert not read_report(write(tmp_path / "empty.jsonl", empty)).conforms


def test_a_report_without_footer_is_cut_short(tmp_path: Path) -> None:
    report = read_report(write(tmp_path / "cut.jsonl", GREEN, ended=False))

    assert report.footer is None
    assert not report.complete
    assert not report.conforms


def test_a_report_that_lacks_a_result_is_not_complete(written: Path) -> None:
    lines = written.read_text("utf-8").splitlines()
    written.write_text("\n".join([*lines[:2], *lines[3:]]), encoding="utf-8")

    assert not read_report(written).complete


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_a_report_that_ends_within_a_line_is_cut_short(
    written: Path, share: float
) -> None:
    content = written.read_text("utf-8")
    written.write_text(content[: int(len(content) * share)], encoding="utf-8")

    assert not read_report(written).complete


def test_the_report_of_an_interrupted_run_is_not_complete(tmp_path: Path) -> None:
    cut = write(tmp_path / "cut.jsonl", GREEN.replace(complete=False))

    assert not read_report(cut).complete


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "its first line is no header"),
        ("{}", "line 1 is no object with a kind"),
        ("hello", "line 1 is no JSON"),
        ('{"kind": "result"}', "its first line is no header"),
        ('{"kind": "header", "report": 99}', "expected version 1, got 99"),
        ('{"kind": "header", "report": 1}\nx\n{"kind": "footer"}', "line 2 is no JSON"),
    ],
)
def test_what_is_no_report_is_rejected(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidArgument, match=message):
        read_report(path)


def test_a_file_that_is_not_there_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_report(tmp_path / "nothing.jsonl")
