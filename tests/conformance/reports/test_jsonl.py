from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest

from attnspec.conformance.reports import Writer, read_report, schema
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import REPORT_VERSION, Verdict
from attnspec.numerics.dtypes import DTYPES
from tests.conformance.reports._runs import OUTCOMES, TARGET, write


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write(tmp_path / "report.jsonl")


def test_every_line_satisfies_the_schema(written: Path) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    lines = written.read_text("utf-8").splitlines()

    for line in lines:
        validator.validate(json.loads(line))
    assert len(lines) == len(OUTCOMES) + 2


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_knows_every_verdict_and_dtype() -> None:
    known = schema()["$defs"]

    assert [str(verdict) for verdict in Verdict] == known["verdict"]["enum"]
    assert {*DTYPES} == {*known["dtype"]["enum"]}
    assert known["header"]["properties"]["report"]["const"] == REPORT_VERSION


def test_a_line_with_an_unknown_field_breaks_the_schema(written: Path) -> None:
    entry = json.loads(written.read_text("utf-8").splitlines()[1])

    validator = jsonschema.Draft202012Validator(schema())
    assert validator.is_valid(entry)
    assert not validator.is_valid({**entry, "mood": "sunny"})


def test_no_line_holds_a_number_that_json_lacks(written: Path) -> None:
    found: list[str] = []
    for line in written.read_text("utf-8").splitlines():
        json.loads(line, parse_constant=found.append)

    assert found == []


def test_nan_and_infinity_are_words(written: Path) -> None:
    found = read_report(written).results[3]["finding"]["comparison"]

    assert math.isnan(float(found["actual"]))
    assert float(found["ratio"]) == math.inf


def test_a_report_that_cannot_be_written_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"report: .* cannot be written"):
        Writer(tmp_path, TARGET)
