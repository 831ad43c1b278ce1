"""A report as JUnit XML, for continuous integration."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import attnspec
from attnspec.conformance.reports import findings, words
from attnspec.conformance.reports.findings import Replay
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import (
    SPEC_VERSION,
    SUITE_VERSION,
    Cause,
    Outcome,
    Report,
    Verdict,
)

_TAGS = {
    Verdict.FAILED: "failure",
    Verdict.REFUSED: "failure",
    Verdict.STALE: "failure",
    Verdict.CRASHED: "error",
    Verdict.TIMED_OUT: "error",
    Verdict.HELD_BACK: "error",
    Verdict.MISTRUSTED: "error",
    Verdict.NOT_RUN: "error",
    Verdict.UNSUPPORTED: "skipped",
}
"""The element that says what became of a test; the other verdicts are green."""


def junit(report: Report, target: str, replay: Replay) -> ET.Element:
    """Return a report as an element ``testsuites``, with one suite a dtype."""
    root = ET.Element("testsuites", name="attnspec")
    for dtype, group in itertools.groupby(report.outcomes, lambda o: o.dtype):
        outcomes = list(group)
        suite = ET.SubElement(root, "testsuite", _totals(outcomes))
        suite.set("name", _legal(f"{target} {dtype}"))
        suite.append(_properties(_environment(report)))
        where = _legal(f"{target}.{dtype}")
        suite.extend(_test(o, where, replay, report.causes) for o in outcomes)
    return root


def _totals(outcomes: list[Outcome]) -> dict[str, str]:
    tags = [_TAGS.get(outcome.verdict) for outcome in outcomes]
    return {
        "tests": str(len(outcomes)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }


def _environment(report: Report) -> dict[str, str]:
    return {
        "attnspec": attnspec.__version__,
        "spec": str(SPEC_VERSION),
        "suite": str(SUITE_VERSION),
        "implementation": report.description.name,
        "tier": report.tier,
        "seed": str(report.seed),
        **{
            f"differs.{field}": said
            for field, said in words.differences(
                report.detected, report.description
            ).items()
        },
    }


def _properties(values: dict[str, str]) -> ET.Element:
    element = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(element, "property", name=name, value=_legal(value))
    return element


def _test(
    outcome: Outcome, where: str, replay: Replay, causes: Iterable[Cause]
) -> ET.Element:
    mine = (c for c in causes if outcome in (c.headline, *c.others))
    cause = next(mine, None)
    relaxation = cause.relaxation if cause else None
    element = ET.Element("testcase", classname=where, name=outcome.invariant)
    element.set("time", f"{outcome.seconds:.3f}")
    values = {
        "verdict": str(outcome.verdict),
        "counted": str(outcome.counted),
        "weak": str(outcome.weak),
        "ratio": f"{outcome.ratio:.6g}",
    }
    if outcome.deviations:
        values["deviations"] = ", ".join(outcome.deviations)
    element.append(_properties(values))
    if (tag := _TAGS.get(outcome.verdict)) is not None:
        found = outcome.finding.message if outcome.finding else ""
        said = outcome.reason or found or str(outcome.verdict)
        about = ET.SubElement(element, tag, message=_legal(said))
        about.set("type", str(outcome.verdict))
        if tag != "skipped":
            lines = findings.failure_lines(outcome, replay, relaxation=relaxation)
            about.text = _legal(
                "\n".join([*lines, *findings.kin_lines(cause, outcome)])
            )
    return element


def _legal(said: str) -> str:
    """Return a text without the characters that XML forbids."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in said)


def write_junit(report: Report, path: Path, target: str, replay: Replay) -> None:
    """Write a report as JUnit XML.

    Raises
    ------
    InvalidArgument
        If the file cannot be written.
    """
    tree = ET.ElementTree(junit(report, target, replay))
    ET.indent(tree)
    try:
        tree.write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        msg = f"junit: {path} cannot be written ({error.strerror})"
        raise InvalidArgument(msg) from error


__all__ = ["junit", "write_junit"]
