"""Judging a kernel that can be called: from the bench to the report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping

from attnspec.conformance.facing import with_face
from attnspec.conformance.offering import offered
from attnspec.conformance.reports import text
from attnspec.conformance.runner import outcomes
from attnspec.conformance.units import Spreading, here_alone
from attnspec.exceptions import InvalidArgument, KernelTimedOut, UnknownName
from attnspec.judge.always import always
from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.causes import grouped
from attnspec.judge.description import Description
from attnspec.judge.detection import detect
from attnspec.judge.examination import examine
from attnspec.judge.features import WRONG
from attnspec.judge.law import Invariant
from attnspec.judge.smaller import asked_of
from attnspec.judge.verdicts import Detected, Finding, Outcome, Report, Verdict
from attnspec.kinds.registry import DEFAULT_KIND, find, invariants_of, kind_named

STOPPED = "stopped at the first failure"
"""Why a law is not run after the first failure, where that ends the run."""


def benches(
    call: Executor, description: Description, dtypes: Iterable[str] = ()
) -> tuple[dict[str, KernelBench], Detected]:
    """Return a bench for each dtype, and the dialect that all of them hold it to."""
    wanted = formats(description, dtypes)
    first = wanted[0]
    kind = kind_named(description.kind)
    model = description.model(first)
    dialect = {**kind.default(), **description.dialect}
    claims = description.capabilities.claims
    call = always(call, kind.fixed, claims)
    # First of all: a function that hangs is not asked for its dialect.
    fault = KernelBench(call, kind, description, dialect, model).preflight(first)
    if isinstance(fault, KernelTimedOut):
        detected = Detected(dialect)
    else:
        missing: dict[str, str] = {}
        if fault is None:
            description, missing = offered(call, description, first)
        detected = detect(call, kind, description, model, first)
        detected = dataclasses.replace(
            with_face(detected, description), not_offered=missing
        )
    stands = {
        dtype: KernelBench(
            call,
            kind,
            description,
            detected.dialect,
            description.model(dtype),
            {first: fault},
        )
        for dtype in wanted
    }
    stands[first].probe_fault = detected.fault
    for stand in stands.values():
        stand.findings = stands[first].findings
        stand.fits_none = detected.fits_none
    return stands, detected


def formats(description: Description, dtypes: Iterable[str]) -> tuple[str, ...]:
    """Return the formats that are asked for, each once; all claimed ones by default.

    Raises
    ------
    InvalidArgument
        If one is not claimed.
    """
    claimed = description.capabilities.dtypes
    wanted = tuple(dict.fromkeys(dtypes)) or claimed
    if unclaimed := [dtype for dtype in wanted if dtype not in claimed]:
        msg = f"dtype: {unclaimed[0]} is not claimed; claimed: {', '.join(claimed)}"
        raise InvalidArgument(msg)
    return wanted


def chosen(only: Iterable[str] = (), kind: str = DEFAULT_KIND) -> tuple[Invariant, ...]:
    """Return the invariants of a kind with these ids, or all of them.

    Raises
    ------
    UnknownName
        If there is no such id, or the law is of another kind.
    """
    if isinstance(only, str):
        msg = f"only: expected a list of ids; got {only!r}"
        raise InvalidArgument(msg)
    laws = tuple(map(find, only))
    for law in laws:
        if law.kind != kind:
            msg = f"invariant: {law.id!r} is a law of {law.kind}, not of {kind}"
            raise UnknownName(msg)
    return laws or invariants_of(kind)


def check_asked(benches: Iterable[KernelBench], laws: Iterable[Invariant]) -> None:
    """Reject laws none of which says anything of a function.

    Raises
    ------
    InvalidArgument
        If there is nothing to ask; the message says why.
    """
    stands = tuple(benches)
    reasons = {law.id: [bench.out_of_scope(law) for bench in stands] for law in laws}
    if all(all(several) for several in reasons.values()):
        said = "; ".join(f"{name}: {several[0]}" for name, several in reasons.items())
        msg = f"only: expected an invariant that is asked of this kernel; {said}"
        raise InvalidArgument(msg)


def judge(
    call: Executor,
    description: Description,
    *,
    dtypes: Iterable[str] = (),
    only: Iterable[str] = (),
    tier: str = "standard",
    seed: int = 0,
    stop_at_first: bool = False,
    spreading: Spreading = here_alone,
    progress: Callable[[str, str], None] = lambda _dtype, _invariant: None,
    started: Callable[[Report], None] = lambda _report: None,
    finished: Callable[[Outcome], None] = lambda _outcome: None,
) -> Report:
    """Judge a kernel through an executor, and return the report.

    `started` gets the empty report once the dialect is known, `finished` each
    outcome as it comes, `progress` dtype and invariant before each example. With
    `spreading` units are judged elsewhere.
    """
    start = time.perf_counter()
    laws = chosen(only, description.kind)
    stands, detected = benches(call, description, dtypes)
    if only:
        check_asked(stands.values(), laws)
    description = next(iter(stands.values())).description
    known = description, tier, seed, detected, tuple(stands), ()
    asked = tuple(law.id for law in laws) if only else ()
    report = Report(*known, only=asked, lines=text.report_lines)
    started(report)
    done: list[Outcome] = []
    stream = outcomes(
        stands, laws, tier=tier, seed=seed, progress=progress, spreading=spreading
    )
    for outcome in stream:
        done.append(outcome)
        finished(outcome)
        if stop_at_first and not (outcome.conforms or outcome.held_back):
            done += _not_run(stands, laws, len(done))
            break
    relaxed = _relaxed(stands, done)
    kind = kind_named(description.kind)
    return report.replace(
        outcomes=tuple(done),
        causes=grouped(done, relaxed, kind, _shows(stands)),
        seconds=time.perf_counter() - start,
    )


def _relaxed(
    stands: Mapping[str, KernelBench], outcomes: Iterable[Outcome]
) -> dict[str, str]:
    """Return for each format in which numbers are wrong what explains all calls."""
    wrong = {o.dtype for o in outcomes if not o.conforms and _is_wrong(o.finding)}
    return {
        dtype: stands[dtype].explanation().words for dtype in stands if dtype in wrong
    }


def _is_wrong(finding: Finding | None) -> bool:
    """Return whether numbers are wrong in a finding: only they have an explanation."""
    features = finding.features if finding else None
    return features is not None and features.nature == WRONG


def _shows(stands: Mapping[str, KernelBench]) -> Callable[[Outcome, Outcome], bool]:
    """Return what says whether the law of one finding fails in another one's case."""

    def shows(one: Outcome, other: Outcome) -> bool:
        bench = stands[one.dtype]
        law, table = bench.kind.laws[one.invariant], bench.kind.table
        if one.finding is None or other.finding is None:
            return False
        mine, theirs = one.finding.recipe, other.finding.recipe
        if law.needs & set(table.switches) - set(table.on(theirs)):
            return False  # With an option that is added it might fail for its own sake.
        fit = bench.domain(law, one.dtype).fit
        recipe = asked_of(bench.kind, law, theirs, mine, fit)
        again = recipe and examine(law, recipe, bench).verdict
        return again in (one.verdict, Verdict.HELD_BACK)

    return shows


def _not_run(
    stands: Iterable[str], laws: tuple[Invariant, ...], done: int
) -> list[Outcome]:
    """Return the outcomes of what comes after the first failure."""
    todo = [(dtype, law.id) for dtype in stands for law in laws][done:]
    return [Outcome(law, dtype, Verdict.NOT_RUN, reason=STOPPED) for dtype, law in todo]


__all__ = [
    "STOPPED",
    "benches",
    "check_asked",
    "chosen",
    "formats",
    "judge",
]
