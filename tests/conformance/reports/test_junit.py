from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from attnspec.conformance.reports import Replay, junit, write_junit
from attnspec.exceptions import InvalidArgument
from tests.conformance.reports._runs import OUTCOMES, REPORT, TARGET, TOKEN

REPLAY = Replay((TARGET,))


def _cases() -> dict[str, ET.Element]:
    root = junit(REPORT, TARGET, REPLAY)
    return {case.attrib["name"]: case for case in root.iter("testcase")}


@pytest.mark.parametrize(
    ("invariant", "tag"),
    [
        ("agreement", None),
        ("window-support", None),
        ("tail-sweep", "failure"),
        ("mask-forms", "failure"),
        ("empty-rows", "failure"),
        ("layout", "error"),
        ("causality", "error"),
        ("row-sums", "error"),
        ("causal-support", "error"),
        ("sink-off", "skipped"),
    ],
)
def test_every_verdict_has_its_element(invariant: str, tag: str | None) -> None:
    case = _cases()[invariant]

    found = [child.tag for child in case if child.tag != "properties"]

    assert ([tag] if tag else []) == found


def test_every_outcome_is_a_test_of_its_target_and_dtype() -> None:
    cases = _cases()

    assert [o.invariant for o in OUTCOMES] == [*cases]
    assert {f"{TARGET}.float32"} == {c.attrib["classname"] for c in cases.values()}


def test_what_is_skipped_says_why() -> None:
    skipped = _cases()["sink-off"].find("skipped")

    assert skipped is not None
    assert skipped.attrib["message"] == "sink not claimed"


def test_a_deviation_is_a_property_of_a_green_test() -> None:
    properties = {
        p.attrib["name"]: p.attrib["value"]
        for p in _cases()["window-support"].iter("property")
    }

    assert properties["deviations"] == "window-of-one"
    assert properties["verdict"] == "deviation"


def test_a_failure_can_be_replayed_from_the_file() -> None:
    failure = _cases()["tail-sweep"].find("failure")

    assert failure is not None
    assert TOKEN in (failure.text or "")


def test_the_totals_are_those_of_the_tests() -> None:
    suite = junit(REPORT, TARGET, REPLAY).find("testsuite")

    assert suite is not None
    for total, tag in (("failures", "failure"), ("errors", "error")):
        assert suite.attrib[total] == str(len([*suite.iter(tag)]))
    assert suite.attrib["tests"] == str(len(OUTCOMES))
    assert suite.attrib["skipped"] == "2"


def test_the_file_is_xml_whatever_the_kernel_printed(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"

    write_junit(REPORT, path, TARGET, REPLAY)

    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    assert root.tag == "testsuites"


def test_a_file_that_cannot_be_written_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"junit: .* cannot be written"):
        write_junit(REPORT, tmp_path, TARGET, REPLAY)
