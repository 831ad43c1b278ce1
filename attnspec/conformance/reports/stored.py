"""A report of JSON lines that is read again."""

from __future__ import annotations

import codecs
import dataclasses
import json
from pathlib import Path
from typing import Any

from attnspec.conformance.reports.lines import check_line
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was read: the JSON objects of its lines."""

    header: dict[str, Any]
    results: tuple[dict[str, Any], ...]
    causes: tuple[dict[str, Any], ...]
    footer: dict[str, Any] | None
    """None if the file was cut short."""

    @property
    def complete(self) -> bool:
        """Whether the file is whole and the run had reached its end."""
        if self.footer is None or self.footer["results"] != len(self.results):
            return False
        return bool(self.footer["complete"])

    @property
    def conforms(self) -> bool:
        """Whether the run was complete, asked something, and the kernel conformed."""
        asked = any(r["verdict"] != Verdict.UNSUPPORTED for r in self.results)
        return self.complete and asked and all(r["conforms"] for r in self.results)


def read_report(path: Path) -> StoredReport:
    """Read a report, and notice if it was cut short.

    Parameters
    ----------
    path
        A file that ``attnspec check --report`` wrote.

    Returns
    -------
    StoredReport
        Its ``complete`` is false if lines are missing at the end.

    Raises
    ------
    InvalidArgument
        If the file cannot be read, is no report, is of another version, or has a line
        that `schema` does not allow; the message names the line.
    """
    try:
        # What was being written may end in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(path.read_bytes())
    except (OSError, ValueError) as error:
        msg = f"report: {path} cannot be read ({error})"
        raise InvalidArgument(msg) from error
    # Not by splitlines: what a kernel says may have separators that JSON keeps.
    entries = _entries(text.removesuffix("\n").split("\n") if text else [], path)
    if not entries or entries[0]["kind"] != "header":
        msg = f"report: {path} is no report of attnspec: its first line is no header"
        raise InvalidArgument(msg)
    for number, entry in enumerate(entries, 1):
        check_line(entry, f"report: {path}: line {number}")
    kinds = [entry["kind"] for entry in entries]
    if "header" in kinds[1:] or "footer" in kinds[:-1]:
        msg = f"report: {path}: expected one header, first, and one footer, last"
        raise InvalidArgument(msg)
    results = tuple(entry for entry in entries if entry["kind"] == "result")
    causes = tuple(entry for entry in entries if entry["kind"] == "cause")
    last = entries[-1] if kinds[-1] == "footer" else None
    return StoredReport(entries[0], results, causes, last)


def _entries(lines: list[str], path: Path) -> list[dict[str, Any]]:
    """Return the objects of the lines, without a last line that is cut short."""
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            if number == len(lines) and number > 1:
                break
            msg = f"report: {path}: line {number} is no JSON ({error})"
            raise InvalidArgument(msg) from error
        if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
            msg = f"report: {path}: line {number} is no object with a kind"
            raise InvalidArgument(msg)
        entries.append(entry)
    return entries


def _no_number(word: str) -> None:
    """Reject what Python reads and JSON does not have."""
    msg = f"{word} stands outside a text"
    raise ValueError(msg)


__all__ = ["StoredReport", "read_report"]
