"""Throw stored reports at `read_report` that are nearly right.

    python tests/fuzz/reports.py [--count 2000] [--seed 0]

They grow from the reports of runs of kernels that are right, wrong and refuse. What is
read must satisfy the schema, as another library checks it.
"""

from __future__ import annotations

import functools
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
from mutations import as_json, changed, garbled
from tally import Accepted, run

from attnspec.conformance import check_implementation
from attnspec.conformance.reports import read_report, schema
from attnspec.kernels import tiled_attention

_FOLDER = tempfile.TemporaryDirectory(prefix="attnspec-fuzz-")
_FEW = ("agreement", "tail-sweep", "sink-off", "causality")


def _late(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Lose the last key."""
    return tiled_attention(query, key[:, :, :-1], value[:, :, :-1], causal=causal)


def _refusing(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Raise."""
    message = "not today"
    raise ValueError(message)


@functools.cache
def _whole() -> tuple[tuple[str, ...], ...]:
    """Return the lines of reports."""
    found = []
    for kernel in (tiled_attention, _late, _refusing):
        path = Path(_FOLDER.name) / "whole.jsonl"
        check_implementation(kernel, only=_FEW, tier="smoke", report=path)
        found.append(tuple(path.read_text("utf-8").splitlines()))
    return tuple(found)


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def drawn(draw: random.Random) -> bytes:
    """Return the bytes of a report, changed in a line, in its lines, or anywhere."""
    lines = list(draw.choice(_whole()))
    where = draw.randrange(10)
    if where < 6:
        number = draw.randrange(len(lines))
        lines[number] = as_json(changed(json.loads(lines[number]), draw))
    elif where < 8:
        one, other = (draw.randrange(len(lines)) for _ in range(2))
        lines[one : one + draw.randrange(2)] = [lines[other]] * draw.choice((0, 1, 99))
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return garbled(content, draw) if where > 7 else content


def tried(content: bytes) -> bool:
    """Read a report, and ask it what it says."""
    path = Path(_FOLDER.name) / "drawn.jsonl"
    path.write_bytes(content)
    report = read_report(path)
    lines = (report.header, *report.results, *report.causes, report.footer)
    for line in lines:
        if line is not None and not _validator().is_valid(line):
            message = f"the schema does not allow a {line['kind']}"
            raise Accepted(message)
    return report.complete and report.conforms


if __name__ == "__main__":
    sys.exit(run(drawn, tried, count=2_000))
