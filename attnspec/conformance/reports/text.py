"""A report as lines of plain text, 80 columns wide."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attnspec
from attnspec.conformance.facing import PLAIN, face_of
from attnspec.conformance.reports import words
from attnspec.judge.deviations import Deviation
from attnspec.judge.verdicts import (
    SPEC_VERSION,
    SUITE_VERSION,
    Cause,
    Finding,
    Outcome,
    Report,
    Verdict,
)
from attnspec.kinds.registry import DEFAULT_KIND, INVARIANTS, invariants_of, kind_named
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


def header_lines(report: Report, target: str) -> list[str]:
    """Return what was judged, and as what."""
    capabilities = report.description.capabilities
    kind = kind_named(report.description.kind)
    vocabulary = kind.vocabulary
    claims = [name for name in vocabulary if name in capabilities.claims]
    others = [name for name in kind.abilities if name not in capabilities.claims]
    dialect = words.dialect_in_words(report.detected, report.description)
    head = [
        f"attnspec {attnspec.__version__} (spec {SPEC_VERSION}, suite {SUITE_VERSION})",
        " ".join(filter(None, (target, report.description.version))),
        f"{', '.join(report.dtypes)}, {report.tier}, seed {report.seed}",
    ]
    lines = words.pieces(head, first="", indent=0)
    if kind.name != DEFAULT_KIND:
        lines += words.wrapped(kind.name, first="kind")
    lines += words.wrapped(" ".join(claims) or "none", first="capabilities")
    lines += words.wrapped(" ".join(others) or "nothing", first="not claimed")
    if dialect:
        lines += words.pieces(dialect, first="dialect")
    lines += _face_lines(report)
    differing = words.differences(report.detected, report.description)
    for field, said in differing.items():
        lines += words.wrapped(f"{field}: {said}", first="differs")
    for number, dtype in enumerate(report.dtypes):
        said = kind.words.model(report.description.model(dtype))
        lines += words.wrapped(f"{dtype}: {said}", first="" if number else "model")
    return lines


def _face_lines(report: Report) -> list[str]:
    """Return how the function is called, and what of that it does not offer."""
    known, lines = face_of(report.description), []
    if known is None:
        return []
    if known.face.id != PLAIN:
        how = "recognised" if known.recognised else "as asked for"
        said = f"{known.face.id} ({how}), arrays of {known.arrays}"
        lines += words.wrapped(said, first="face")
    if known.unknown:
        said = f"{', '.join(known.unknown)}: not passed"
        lines += words.wrapped(said, first="no option")
    for claim, raised in report.detected.not_offered.items():
        lines += words.wrapped(f"{claim}: {raised}", first="not offered")
    return lines


def is_quiet(outcome: Outcome) -> bool:
    """Return whether an outcome gets no line of its own."""
    return outcome.verdict in _QUIET


def outcome_line(outcome: Outcome) -> str:
    """Return the line of one invariant in one dtype."""
    said = words.times_bound(outcome.ratio)
    if outcome.verdict is Verdict.DEVIATION:
        said = f"{said}, known deviation in {outcome.deviating:,}"
    elif outcome.verdict is not Verdict.PASSED:
        said = outcome.verdict.upper()
        if outcome.finding is not None and outcome.finding.same_as:
            said = f"{said} as {outcome.finding.same_as}"
    names = [law.id for law in invariants_of(INVARIANTS[outcome.invariant].kind)]
    width = max(24, *(len(name) + 1 for name in names))
    return f"  {outcome.invariant:<{width}}{outcome.counted:>7,} counted   {said}"


def quiet_lines(outcomes: Iterable[Outcome]) -> list[str]:
    """Return one line for each reason for which invariants were not looked at."""
    reasons: dict[tuple[Verdict, str], dict[str, None]] = {}
    for outcome in filter(is_quiet, outcomes):
        ids = reasons.setdefault((outcome.verdict, outcome.reason), {})
        ids[outcome.invariant] = None
    lines = []
    for (verdict, reason), ids in reasons.items():
        listed = ", ".join(ids)
        if len(ids) > 8:
            listed = words.count(len(ids), "invariant")
        lines += words.wrapped(f"{reason}: {listed}", first=f"  {verdict}")
    return lines


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


def deviation_lines(
    outcomes: Iterable[Outcome], known: Iterable[Deviation]
) -> list[str]:
    """Return the deviations that were met, with reason and link."""
    met: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        for id_ in outcome.deviations:
            met.setdefault(id_, Counter())[outcome.invariant] += outcome.deviating
    reasons: Mapping[str, Deviation] = {deviation.id: deviation for deviation in known}
    lines = []
    for id_, laws in met.items():
        lines += words.wrapped(f"{id_}: {reasons[id_].reason}", first="deviation")
        said = [f"in {', '.join(laws)}"]
        lines += words.pieces([*said, *filter(None, (reasons[id_].link,))], first="")
    return lines


def summary_lines(report: Report, target: str) -> list[str]:
    """Return the last lines: the numbers, and the verdict in words."""
    judged = [o for o in report.outcomes if o.verdict is not Verdict.UNSUPPORTED]
    missed = len([o for o in judged if o.verdict is Verdict.NOT_RUN])
    back = len([o for o in judged if o.held_back])
    failed = len(report.failures) - missed - back
    held = len(judged) - failed - missed - back
    examples = sum(o.counted for o in judged)
    verb = "holds" if held == 1 else "hold"
    said = [
        f"{held} of {_invariants(report, len(judged))} {verb}",
        *([_failing(failed, len(report.causes))] if failed else []),
        *([f"{back} held back"] if back else []),
        *([f"{missed} not run"] if missed else []),
        f"{words.count(examples, 'example')} counted",
        f"{sum(o.weak for o in judged):,} weak",
        words.seconds_in_words(report.seconds),
    ]
    sizes = [f"{name} {size:,}" for name, size in report.reached.items()]
    return [
        *(words.pieces(sizes, first="largest sizes") if sizes else ()),
        *words.pieces(said, first="", indent=0, between=", "),
        *words.wrapped(f"{target} {verdict_in_words(report)}", indent=0),
    ]


def _failing(failed: int, causes: int) -> str:
    """Return how many laws are broken, and by how many mistakes."""
    said = f"{failed} {'fails' if failed == 1 else 'fail'}"
    return (
        f"{said} by {words.count(causes, 'cause')}" if failed > 1 and causes else said
    )


def blocks(report: Report, replay: Replay) -> Iterator[list[str]]:
    """Yield all that is known of each cause, and of what failed without one."""
    said: list[Outcome] = []
    for cause in report.causes:
        said += [cause.headline, *cause.others]
        yield cause_lines(cause, replay)
    for outcome in report.failures:
        if outcome not in said and not is_quiet(outcome):
            yield failure_lines(outcome, replay)


def report_lines(report: Report, replay: Replay = Replay()) -> list[str]:
    """Return all causes, and the last lines, where there is no command line."""
    lines = [line for block in blocks(report, replay) for line in [*block, ""]]
    return lines + summary_lines(report, report.description.name)


def _invariants(report: Report, judged: int) -> str:
    """Return how many were judged; each dtype counts."""
    if len(report.dtypes) == 1:
        return words.count(judged, "invariant")
    return f"{judged:,} invariants in {len(report.dtypes)} dtypes"


def verdict_in_words(report: Report) -> str:
    """Return whether the kernel conforms, and to how much of the suite."""
    seen = {o.invariant for o in report.outcomes}
    if not report.complete:
        return "was not judged to the end"
    if not report.asked:
        return "was asked nothing: it claims nothing that was looked at"
    if not report.conforms:
        return "does not conform"
    if seen < {law.id for law in invariants_of(report.description.kind)}:
        asked = words.count(len(seen), "invariant that was", "invariants that were")
        return f"conforms in the {asked} asked for"
    return "conforms"


__all__ = [
    "Replay",
    "blocks",
    "case_in_words",
    "cause_lines",
    "deviation_lines",
    "failure_lines",
    "finding_lines",
    "header_lines",
    "is_quiet",
    "kin_lines",
    "outcome_line",
    "quiet_lines",
    "report_lines",
    "summary_lines",
    "verdict_in_words",
]
