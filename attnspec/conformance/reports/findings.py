"""What was found wrong, as lines of plain text, and how it can be seen again."""

from __future__ import annotations

import dataclasses
import math
import shlex

from attnspec.conformance.reports import words
from attnspec.judge.verdicts import Cause, Finding, Outcome, Verdict
from attnspec.kinds.registry import INVARIANTS, kind_named
from attnspec.numerics import Comparison

_QUIET = (Verdict.UNSUPPORTED, Verdict.HELD_BACK, Verdict.NOT_RUN)
"""Verdicts that come in numbers, for one reason: they get one line together."""


@dataclasses.dataclass(frozen=True, slots=True)
class Replay:
    """How a finding can be seen again from the command line."""

    kernel: tuple[str, ...] = ("TARGET",)
    """What names the kernel, and the options that say what is declared of it."""
    seed: int = 0
    """Where the examples of the run were drawn from."""

    def lines(self, token: str) -> list[str]:
        """Return the command; the token has a line of its own."""
        command = shlex.join(["attnspec", "replay", *self.kernel])
        lines = [f"{'  replay'.ljust(words.LABEL)}{command} \\", token]
        if self.seed:
            said = f"--seed {self.seed} draws what this run has drawn"
            lines = [*words.wrapped(said, first="  seed"), *lines]
        return lines


def is_quiet(outcome: Outcome) -> bool:
    """Return whether an outcome gets no line of its own."""
    return outcome.verdict in _QUIET


def case_in_words(finding: Finding) -> str:
    """Return the smallest case, its options in the words of the face."""
    known = kind_named(finding.recipe.kind).words
    if not finding.call:
        return known.case(finding.recipe)
    return f"{known.bare_case(finding.recipe)}, {finding.call}"


def finding_lines(outcome: Outcome) -> list[str]:
    """Return a finding in brief, to be read as the run goes on."""
    finding = outcome.finding
    if finding is None or finding.same_as or is_quiet(outcome):
        return []
    said = case_in_words(finding)
    if finding.comparison is None:
        happened = finding.message
    else:
        expected, _, actual = words.numbers(finding.comparison)
        happened = f"expected {expected}, got {actual}"
    return words.wrapped(f"{said}: {happened}", indent=6)


def cause_lines(cause: Cause, replay: Replay) -> list[str]:
    """Return the finding that says a mistake best, and what else it breaks."""
    first = cause.headline
    lines = failure_lines(first, replay, relaxation=cause.relaxation)
    also: dict[str, list[str]] = {}
    for other in cause.others:
        if not other.held_back:
            also.setdefault(other.dtype, []).append(other.invariant)
    for number, (dtype, laws) in enumerate(also.items()):
        said = ", ".join(laws)
        said = said if dtype == first.dtype else f"{said} ({dtype})"
        label = "  also breaks" if not number else ""
        lines += words.wrapped(said, first=label)
    return lines


def kin_lines(cause: Cause | None, outcome: Outcome) -> list[str]:
    """Return which result says best what an outcome shows, if it is another one."""
    if cause is None or cause.headline is outcome:
        return []
    first = cause.headline
    said = f"the same mistake as {first.invariant} ({first.dtype})"
    return words.wrapped(said, first="  cause")


def failure_lines(
    outcome: Outcome, replay: Replay, *, relaxation: str | None = None
) -> list[str]:
    """Return all that is known of an outcome that does not conform.

    `relaxation` is what the numeric model must allow to explain every call, if that
    was asked: empty if nothing explains them.
    """
    law = INVARIANTS[outcome.invariant]
    title = f"{outcome.verdict.upper()} {law.id} ({outcome.dtype}): {law.sentence}"
    lines = words.wrapped(title, indent=2)
    lines[0] = lines[0].removeprefix("  ")
    if outcome.reason:
        lines += words.wrapped(outcome.reason, first="  because")
    if outcome.finding is not None:
        lines += _finding_lines(outcome.verdict, outcome.finding, relaxation)
    page = f"docs/reference/{law.clause.partition('.')[0]}"
    lines += words.pieces([law.clause, page], first="  clause")
    if outcome.finding is not None:
        lines += replay.lines(outcome.finding.token)
    return lines


def _finding_lines(
    verdict: Verdict, finding: Finding, relaxation: str | None
) -> list[str]:
    known = kind_named(finding.recipe.kind).words
    said = (known.bare_case if finding.call else known.case)(finding.recipe)
    lines = words.wrapped(said, first="  smallest case")
    if finding.call:
        lines += words.wrapped(finding.call, first="  called as")
    if finding.before:
        calls = words.count(len(finding.before), "other call")
        lines += words.wrapped(f"{calls}; alone it is right", first="  after")
    if finding.comparison is not None:
        lines += _comparison_lines(finding.comparison, finding.message)
        lines += _relaxation_lines(finding.comparison, finding, relaxation)
    else:
        raised = "raised " if verdict is Verdict.REFUSED else ""
        first, *others = f"{raised}{finding.message}".splitlines() or [""]
        lines += words.wrapped(first, first="  the kernel")
        lines += [line for other in others for line in words.wrapped(other)]
    return lines


def _comparison_lines(comparison: Comparison, message: str) -> list[str]:
    expected, bound, actual = words.numbers(comparison)
    exactly = comparison.bound == 0 or not math.isfinite(comparison.expected)
    said = f"{expected} {'exactly' if exactly else f'+- {bound}'}"
    got = [f"got {actual}"]
    if math.isfinite(comparison.ratio):
        got.append(words.times_bound(comparison.ratio))
    lines = words.pieces([said, *got], first="  expected")
    index = ", ".join(map(str, comparison.index or ()))
    where = f"{comparison.what}[{index}]" if comparison.index else comparison.what
    return lines + words.pieces([where, *filter(None, [message])], first="  where")


def _relaxation_lines(
    comparison: Comparison, finding: Finding, relaxation: str | None
) -> list[str]:
    # What depends on earlier calls is not a matter of precision.
    if finding.before or relaxation is None:
        return []
    if relaxation:
        return words.wrapped(f"passes if {relaxation}", first="  precision")
    if comparison.bound == 0:  # Nor is an exact law.
        return []
    return words.wrapped("no numeric model explains it", first="  precision")


__all__ = [
    "Replay",
    "case_in_words",
    "cause_lines",
    "failure_lines",
    "finding_lines",
    "is_quiet",
    "kin_lines",
]
