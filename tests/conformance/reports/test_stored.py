from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance.reports import Writer, read_report
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
        ('{"kind": ["header"]}', "line 1 is no object with a kind"),
        ('{"kind": "header", "report": [1]}', r"expected version 1, got \[1\]"),
        ('{"kind": "header", "report": 1}', "line 1: 'spec' is missing"),
        ("[" * 200_000, "line 1 is no JSON"),
        ("1" * 5_000, "line 1 is no JSON"),
        ('{"kind": NaN}', "line 1 is no JSON"),
    ],
    ids=map(str, itertools.count()),
)
def test_what_is_no_report_is_rejected(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidArgument, match=message):
        read_report(path)


@pytest.mark.parametrize(
    ("line", "changes", "message"),
    [
        (1, {"seed": "x"}, "line 1: seed: expected integer; got 'x'"),
        (1, {"dtypes": ["int8"]}, r"line 1: dtypes\[0\]: expected one of float16, "),
        (2, {"conforms": None}, "line 2: conforms: expected boolean; got None"),
        (2, {"verdict": ["passed"]}, "line 2: verdict: expected one of passed, "),
        (2, {"counted": -1}, "line 2: counted: expected integer; got -1"),
        (2, {"colour": "red"}, "line 2: unknown key 'colour'"),
        (3, {"kind": "verdict"}, "line 3: kind: expected one of header, .* 'verdict'"),
        (3, {"kind": "header"}, "line 3: "),
        (-1, {"results": None}, "results: expected integer; got None"),
    ],
    ids=map(str, itertools.count()),
)
def test_a_line_that_the_schema_does_not_allow_is_named(
    written: Path, line: int, changes: dict[str, Any], message: str
) -> None:
    lines = written.read_text("utf-8").splitlines()
    place = line - 1 if line > 0 else line
    lines[place] = json.dumps({**json.loads(lines[place]), **changes})
    written.write_text("\n".join(lines), "utf-8")

    with pytest.raises(InvalidArgument, match=f"report: .*{message}"):
        read_report(written)


@pytest.mark.parametrize("missing", ["kind", "results", "complete"])
def test_a_footer_that_lacks_a_key_is_named(written: Path, missing: str) -> None:
    *lines, last = written.read_text("utf-8").splitlines()
    footer = {n: v for n, v in json.loads(last).items() if n != missing}
    written.write_text("\n".join([*lines, json.dumps(footer)]), "utf-8")

    with pytest.raises(InvalidArgument, match=f"line {len(lines) + 1}"):
        read_report(written)


def test_two_reports_in_one_file_are_none(written: Path) -> None:
    written.write_text(2 * written.read_text("utf-8"), "utf-8")

    with pytest.raises(InvalidArgument, match="one header, first, and one footer"):
        read_report(written)


def test_a_text_may_have_what_some_take_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Writer(path, "a\u2028b\x85c\udcff") as writer:
        writer.started(GREEN)

    assert read_report(path).header["target"] == "a\u2028b\x85c\udcff"


def test_a_file_that_is_not_there_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_report(tmp_path / "nothing.jsonl")
