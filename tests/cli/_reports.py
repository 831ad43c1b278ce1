"""Reports for machines, read back."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from attnspec.conformance.reports import StoredReport, read_report, schema


def validated(lines: Path) -> StoredReport:
    """A whole report that was written as JSON lines, each as its schema says."""
    report = read_report(lines)
    validator = jsonschema.Draft202012Validator(schema())
    for line in lines.read_text("utf-8").splitlines():
        validator.validate(json.loads(line))
    assert report.complete
    return report
