"""What a report that is read says, as outcomes again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnspec.conformance.inputs import read_token
from attnspec.conformance.reports.jsonl import SETS
from attnspec.conformance.reports.stored import StoredReport, read_report
from attnspec.exceptions import InvalidArgument
from attnspec.judge.likeness import Features
from attnspec.judge.verdicts import Finding, Outcome, Verdict
from attnspec.kinds.registry import INVARIANTS, find
from attnspec.numerics import Comparison

Key = tuple[str, str]
"""A format and a law."""

_NUMBERS = ("ratio", "expected", "actual", "bound", "error")


def outcomes_of(report: StoredReport, where: str) -> dict[Key, Outcome]:
    """Return the outcomes of a stored report, by format and law.

    Parameters
    ----------
    report
        A report that was read.
    where
        What an error message begins with.

    Raises
    ------
    InvalidArgument
        If a line names what does not exist.
    """
    found = {}
    for line in report.results:
        try:
            found[line["dtype"], line["invariant"]] = _outcome(line)
        except InvalidArgument as error:
            msg = f"{where}: {line['invariant']} ({line['dtype']}): {error}"
            raise type(error)(msg) from error
    return found


def _outcome(line: Mapping[str, Any]) -> Outcome:
    """Return the outcome that a line says."""
    law = find(line["invariant"])
    said = {n: v for n, v in line.items() if n not in ("kind", "clause", "conforms")}
    said |= {
        "verdict": Verdict(line["verdict"]),
        "ratio": float(line["ratio"]),
        "deviations": tuple(line["deviations"]),
        "finding": line["finding"] and _finding(line["finding"], law.id),
    }
    return Outcome(**said)


def _finding(said: Mapping[str, Any], law: str) -> Finding:
    """Return the finding that a line says; its token has the recipes."""
    token = read_token(said["token"])
    return Finding(
        invariant=law,
        recipe=token.recipe,
        message=said["message"],
        token=said["token"],
        comparison=said["comparison"] and _comparison(said["comparison"]),
        before=token.before,
        features=said["features"] and _features(said["features"]),
        call=said["call"],
        same_as=said["same_as"],
    )


def _comparison(said: Mapping[str, Any]) -> Comparison:
    numbers = {name: float(said[name]) for name in _NUMBERS}
    index = None if said["index"] is None else tuple(said["index"])
    return Comparison(**{**said, **numbers, "index": index})


def _features(said: Mapping[str, Any]) -> Features:
    sets = {name: frozenset(said[name]) for name in SETS}
    return Features(**{**said, **sets})


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """What did not conform in a report, and how it was asked."""

    kind: str
    only: tuple[str, ...]
    dtypes: tuple[str, ...]
    tier: str
    seed: int


def failed_in(path: Path) -> Failed:
    """Return what did not conform in a report: laws and formats, in their order.

    Raises
    ------
    InvalidArgument
        If the file is no report, or all conforms in it.
    """
    report = read_report(path)
    found = outcomes_of(report, f"only-failed: {path}").values()
    failed = [outcome for outcome in found if not outcome.conforms]
    if not failed:
        msg = f"only-failed: there is nothing in {path} that does not conform"
        raise InvalidArgument(msg)
    said = report.header
    laws = {outcome.invariant for outcome in failed}
    dtypes = {outcome.dtype for outcome in failed}
    return Failed(
        said["function"],
        tuple(law for law in INVARIANTS if law in laws),
        tuple(dtype for dtype in said["dtypes"] if dtype in dtypes),
        said["tier"],
        said["seed"],
    )


__all__ = ["Failed", "Key", "failed_in", "outcomes_of"]
