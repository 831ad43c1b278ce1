"""What every line of a report must satisfy: its JSON Schema."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

from attnspec.conformance.schemas import Validator
from attnspec.exceptions import InvalidArgument
from attnspec.judge.told import one_line
from attnspec.judge.verdicts import REPORT_VERSION


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every line of a report satisfies.

    Examples
    --------
    >>> schema()["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    file = importlib.resources.files(__package__) / "report.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _line_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind of line."""
    return {"$ref": f"#/$defs/{kind}", "$defs": schema()["$defs"]}


_LINES = {
    kind: Validator(functools.partial(_line_schema, kind))
    for kind in ("header", "result", "cause", "footer")
}
"""What each kind of line must satisfy."""


def check_line(entry: dict[str, Any], where: str) -> None:
    """Reject a line of a report that the schema does not allow.

    Parameters
    ----------
    entry
        A JSON object with a kind.
    where
        What an error message begins with.

    Raises
    ------
    InvalidArgument
        If it is not allowed, or of another version.
    """
    version = entry.get("report", REPORT_VERSION)
    if entry["kind"] == "header" and version != REPORT_VERSION:
        found = one_line(repr(version))
        msg = f"{where}: expected version {REPORT_VERSION}, got {found}"
        raise InvalidArgument(msg)
    if entry["kind"] not in _LINES:
        found = one_line(repr(entry["kind"]))
        msg = f"{where}: kind: expected one of {', '.join(_LINES)}; got {found}"
        raise InvalidArgument(msg)
    _LINES[entry["kind"]](entry, where)


__all__ = ["check_line", "schema"]
