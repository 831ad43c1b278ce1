"""Reports: for people on a terminal, for machines as JSON lines and as JUnit XML.

What is printed lives in `console`, which alone needs rich.
"""

from __future__ import annotations

from attnspec.conformance.reports.files import check_files
from attnspec.conformance.reports.findings import Replay, failure_lines
from attnspec.conformance.reports.jsonl import Writer
from attnspec.conformance.reports.junit import junit, write_junit
from attnspec.conformance.reports.lines import schema
from attnspec.conformance.reports.stored import StoredReport, read_report

__all__ = [
    "Replay",
    "StoredReport",
    "Writer",
    "check_files",
    "failure_lines",
    "junit",
    "read_report",
    "schema",
    "write_junit",
]
