"""Two reports side by side: what has changed from one to the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from attnspec.conformance.reports import words
from attnspec.conformance.reports.restored import Key, outcomes_of
from attnspec.conformance.reports.stored import StoredReport, read_report
from attnspec.judge.verdicts import Finding, Outcome

_RUN = ("target", "function", "tier", "seed", "attnspec", "suite", "spec")
"""What a header says of a run that is told where it differs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A law in a format of which two reports say something else."""

    key: Key
    before: Outcome | None
    """What the first report says; None if nothing."""
    after: Outcome | None

    @property
    def verdicts(self) -> tuple[str, str]:
        """The two verdicts, in words."""
        one, two = (
            "not there" if o is None else str(o.verdict)
            for o in (self.before, self.after)
        )
        return one, two

    @property
    def findings(self) -> tuple[Finding | None, Finding | None]:
        """The two findings, as far as there are any."""
        one, two = (o.finding if o else None for o in (self.before, self.after))
        return one, two


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """What has changed from one report to another."""

    runs: tuple[str, ...]
    """In what the runs differ, in lines; this alone is no change."""
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        """Return the changes, in lines."""
        return "\n".join(_lines(self))


def compared(one: Path, other: Path) -> Compared:
    """Return what has changed from one report to another.

    Verdicts are compared, and findings by their tokens: the same token is the same
    case, and the same thing that became of it.

    Parameters
    ----------
    one, other
        Files that ``attnspec check --report`` wrote.

    Raises
    ------
    InvalidArgument
        If one of them is no report.
    """
    reports = [read_report(path) for path in (one, other)]
    before, after = (
        outcomes_of(report, f"report: {path}")
        for report, path in zip(reports, (one, other), strict=True)
    )
    keys = dict.fromkeys((*before, *after))
    changes = [Change(key, before.get(key), after.get(key)) for key in keys]
    return Compared(tuple(_runs(*reports)), tuple(filter(_differs, changes)))


def _runs(one: StoredReport, other: StoredReport) -> Iterator[str]:
    """Yield in what two runs differ."""
    for name in _RUN:
        if one.header[name] != other.header[name]:
            yield f"{name}: {one.header[name]} -> {other.header[name]}"
    for report, which in ((one, "first"), (other, "second")):
        if not report.complete:
            yield f"the {which} report was cut short"


def _differs(change: Change) -> bool:
    """Return whether the verdict or the finding is another one."""
    one, two = (f.token if f else "" for f in change.findings)
    verdicts = change.verdicts
    return verdicts[0] != verdicts[1] or one != two


def _lines(compared: Compared) -> Iterator[str]:
    yield from compared.runs
    for change in compared.changes:
        dtype, law = change.key
        before, after = change.verdicts
        said = before if before == after else f"{before} -> {after}"
        yield f"{law} ({dtype}): {said}"
        gone, new = change.findings
        if new is not None and (gone is None or gone.token != new.token):
            yield from _found("new", new)
        if gone is not None and (new is None or gone.token != new.token):
            yield from _found("gone", gone)
    yield f"{words.count(len(compared.changes), 'law')} changed"


def _found(what: str, finding: Finding) -> Iterator[str]:
    """Yield the lines of a finding that is new, or gone."""
    message = finding.message.partition("\n")[0] or "numbers are wrong"
    yield f"  {what} finding: {message}"
    yield f"    {finding.token}"


__all__ = ["Change", "Compared", "compared"]
