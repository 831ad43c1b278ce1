"""A report as lines of plain text, 80 columns wide."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attnspec
from attnspec.conformance.facing import PLAIN, face_of
from attnspec.conformance.reports import words
from attnspec.conformance.reports.findings import (
    Replay,
    cause_lines,
    failure_lines,
    is_quiet,
)
from attnspec.conformance.reports.settings import settings
from attnspec.judge.deviations import Deviation
from attnspec.judge.law import Invariant
from attnspec.judge.verdicts import (
    SPEC_VERSION,
    SUITE_VERSION,
    Outcome,
    Report,
    Verdict,
)
from attnspec.kinds.registry import DEFAULT_KIND, INVARIANTS, invariants_of, kind_named


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
    return lines + _backward_lines(report)


def _backward_lines(report: Report) -> list[str]:
    """Return as what the backward pass is judged: what the kernel does not have, too.

    Choices that it shares with the kernel are said there.
    """
    known = report.backward
    if known is None:
        return []
    description, shared = known.description, report.detected.dialect
    kind, claims = kind_named(description.kind), description.capabilities.claims
    detected = dataclasses.replace(
        known.detected,
        dialect={n: c for n, c in known.detected.dialect.items() if n not in shared},
    )
    own = [name for name in kind.vocabulary if name in claims]
    others = [name for name in kind.abilities if name not in claims]
    lines = words.wrapped(" ".join(own), first="gradients")
    lines += words.wrapped(" ".join(others) or "nothing", first="not of them")
    if dialect := words.dialect_in_words(detected, description):
        lines += words.pieces(dialect, first="")
    for field, said in words.differences(detected, description).items():
        lines += words.wrapped(f"{field}: {said}", first="differs")
    return lines


def _face_lines(report: Report) -> list[str]:
    """Return how the function is called, and what of that it does not offer."""
    description = report.description
    known, lines = face_of(description), []
    said, face = [], description.face
    if face and face["id"] != PLAIN:
        how = "recognised" if face["recognised"] else "as asked for"
        said.append(f"{face['id']} ({how})")
    label = "face" if said else "arrays"
    if {*description.manner} & {"arrays", "device"}:
        where = f" on {description.device}" if description.device else ""
        said.append(f"arrays of {description.arrays or 'numpy'}{where}")
    if said:
        lines += words.wrapped(", ".join(said), first=label)
    if given := settings(description.arrays):
        told = [f"{name}={value}" for name, value in given.items()]
        lines += words.pieces(told, first="settings")
    backward = report.backward
    passed = backward.description.capabilities.claims if backward else ()
    unknown = [n for n in (known.unknown if known else ()) if n not in passed]
    if unknown:
        lines += words.wrapped(f"{', '.join(unknown)}: not passed", first="no option")
    for claim, raised in report.detected.not_offered.items():
        lines += words.wrapped(f"{claim}: {raised}", first="not offered")
    return lines


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


def report_lines(report: Report, replay: Replay | None = None) -> list[str]:
    """Return all causes, and the last lines, where there is no command line."""
    lines = [
        line for block in blocks(report, replay or Replay()) for line in [*block, ""]
    ]
    return lines + summary_lines(report, report.description.name)


def _invariants(report: Report, judged: int) -> str:
    """Return how many were judged; each dtype counts."""
    if len(report.dtypes) == 1:
        return words.count(judged, "invariant")
    return f"{judged:,} invariants in {len(report.dtypes)} dtypes"


def _laws(report: Report) -> tuple[Invariant, ...]:
    """Return all laws that the kernel could have been put before."""
    known = report.backward
    further = () if known is None else invariants_of(known.description.kind)
    return (*invariants_of(report.description.kind), *further)


def verdict_in_words(report: Report) -> str:
    """Return whether the kernel conforms, and to how much of the suite."""
    seen = {o.invariant for o in report.outcomes}
    if not report.complete:
        return "was not judged to the end"
    if not report.asked:
        return "was asked nothing: it claims nothing that was looked at"
    if not report.conforms:
        return "does not conform"
    if seen < {law.id for law in _laws(report)}:
        asked = words.count(len(seen), "invariant that was", "invariants that were")
        return f"conforms in the {asked} asked for"
    return "conforms"


__all__ = [
    "blocks",
    "deviation_lines",
    "header_lines",
    "outcome_line",
    "quiet_lines",
    "report_lines",
    "summary_lines",
    "verdict_in_words",
]
