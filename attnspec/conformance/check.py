"""Judging a kernel that can be called: from the bench to the report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attnspec.conformance.differentiation import backward_of, kinds_judged
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
from attnspec.judge.verdicts import (
    Backward,
    Cause,
    Detected,
    Finding,
    Outcome,
    Report,
    Verdict,
)
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


def chosen(
    only: Iterable[str] = (), kinds: Iterable[str] = (DEFAULT_KIND,)
) -> tuple[Invariant, ...]:
    """Return the invariants of some kinds with these ids, or all of them.

    Raises
    ------
    UnknownName
        If there is no such id, or the law is of another kind.
    """
    kinds = tuple(kinds)
    if isinstance(only, str):
        msg = f"only: expected a list of ids; got {only!r}"
        raise InvalidArgument(msg)
    laws = tuple(map(find, only))
    for law in laws:
        if law.kind not in kinds:
            own = " or ".join(kinds)
            msg = f"invariant: {law.id!r} is a law of {law.kind}, not of {own}"
            raise UnknownName(msg)
    return laws or tuple(law for kind in kinds for law in invariants_of(kind))


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A kernel or its backward pass, on a bench for each format."""

    description: Description
    stands: Mapping[str, KernelBench]
    detected: Detected
    laws: tuple[Invariant, ...]


def parts(
    call: Executor,
    description: Description,
    dtypes: Iterable[str] = (),
    only: Iterable[str] = (),
) -> tuple[Part, ...]:
    """Return the kernel, and its backward pass if its gradients are claimed.

    A part of which no law is wanted is left out, but the kernel itself: it is held to
    its dialect, and so is what follows from it.
    """
    laws = chosen(only, kinds_judged(description))
    stands, detected = benches(call, description, dtypes)
    description = next(iter(stands.values())).description
    own = tuple(law for law in laws if law.kind == description.kind)
    found = [Part(description, stands, detected, own)]
    further = backward_of(description, detected)
    its = tuple(law for law in laws if law.kind != description.kind)
    if further is not None and its:
        # Of some of what a kernel does not offer there is no backward pass.
        missing = {*detected.not_offered} & {*further.capabilities.claims}
        capabilities = further.capabilities.claiming(without=missing)
        further = further.replace(capabilities=capabilities)
        formats_of = [d for d in stands if d in capabilities.dtypes]
        found.append(Part(further, *benches(call, further, formats_of), its))
    return tuple(found)


def check_asked(several: Iterable[Part]) -> None:
    """Reject laws none of which says anything of a function.

    Raises
    ------
    InvalidArgument
        If there is nothing to ask; the message says why.
    """
    reasons = {
        law.id: [bench.out_of_scope(law) for bench in part.stands.values()]
        for part in several
        for law in part.laws
    }
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
    several = parts(call, description, dtypes, only)
    if only:
        check_asked(several)
    report = begun(several, tier, seed, only=only)
    started(report.replace(lines=text.report_lines))
    done: list[Outcome] = []
    wishes = {"tier": tier, "seed": seed, "progress": progress, "spreading": spreading}
    for outcome in _stream(several, wishes):
        done.append(outcome)
        finished(outcome)
        if stop_at_first and not (outcome.conforms or outcome.held_back):
            done += _not_run(several, len(done))
            break
    return report.replace(
        outcomes=tuple(done),
        causes=tuple(cause for part in several for cause in _causes(part, done)),
        seconds=time.perf_counter() - start,
        lines=text.report_lines,
    )


def begun(
    several: Sequence[Part], tier: str, seed: int, *, only: Iterable[str] = ()
) -> Report:
    """Return the report of a run that has begun."""
    first, *rest = several
    further = next((Backward(p.description, p.detected) for p in rest), None)
    known = first.description, tier, seed, first.detected, tuple(first.stands), ()
    return Report(*known, only=tuple(only), backward=further)


def _stream(several: Sequence[Part], wishes: Mapping[str, Any]) -> Iterator[Outcome]:
    """Yield what becomes of all laws: first of those of the kernel."""
    for part in several:
        if part.laws:
            yield from outcomes(part.stands, part.laws, **wishes)


def _causes(part: Part, done: Iterable[Outcome]) -> tuple[Cause, ...]:
    """Return the mistakes that laws of a part have found."""
    kind = kind_named(part.description.kind)
    mine = [outcome for outcome in done if outcome.invariant in kind.laws]
    return grouped(mine, _relaxed(part.stands, mine), kind, _shows(part.stands))


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


def _not_run(several: Iterable[Part], done: int) -> list[Outcome]:
    """Return the outcomes of what comes after the first failure."""
    todo = [(d, law.id) for part in several for d in part.stands for law in part.laws]
    return [
        Outcome(law, dtype, Verdict.NOT_RUN, reason=STOPPED)
        for dtype, law in todo[done:]
    ]


__all__ = [
    "STOPPED",
    "Part",
    "begun",
    "benches",
    "check_asked",
    "chosen",
    "formats",
    "judge",
    "parts",
]
