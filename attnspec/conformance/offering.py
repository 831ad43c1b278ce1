"""What a function with a face offers in use: packages list names and raise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attnspec.conformance.facing import PLAIN, attention, face_of, face_of_its_kind
from attnspec.exceptions import KernelFault, KernelRaised, KernelTimedOut
from attnspec.faces import Called
from attnspec.judge.bench import Executor
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.judge.kind import Kind
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.registry import kind_named


def offered(
    call: Executor, description: Description, dtype: str
) -> tuple[Description, dict[str, str]]:
    """Return what a function offers in use, and what it says that it does not.

    Packages list the names of a face and raise in use: each option is tried once on a
    plain case. Only an exception by which the face says so withdraws a claim.
    """
    known = face_of(description)
    if known is None or known.face.id == PLAIN:
        return _offered_of_kind(call, description, dtype)
    probes = _probes(description.capabilities, dtype)
    missing = _refused(call, probes, known.face.not_offered)
    more = ["return_lse"] if _returns_pairs(call, known, description, dtype) else []
    capabilities = description.capabilities.claiming(more, missing)
    return description.replace(capabilities=capabilities), missing


def _offered_of_kind(
    call: Executor, description: Description, dtype: str
) -> tuple[Description, dict[str, str]]:
    """Return what a function of another kind offers in use, and what it does not."""
    known = face_of_its_kind(description)
    if known is None:
        return description, {}
    kind = kind_named(description.kind)
    probes = _probes_of_kind(kind, description.capabilities, dtype)
    missing = _refused(call, probes, known.not_offered)
    capabilities = description.capabilities.claiming(without=missing)
    return description.replace(capabilities=capabilities), missing


def _refused(
    call: Executor, probes: Iterable[tuple[str, Case]], by: tuple[str, ...]
) -> dict[str, str]:
    """Return the claims whose probe raises one of these exceptions, and what it is."""
    missing: dict[str, str] = {}
    for claim, case in probes:
        try:
            call(case)
        except KernelRaised as fault:
            raised = str(fault).splitlines()[0]
            if raised.partition(":")[0] in by:
                missing[claim] = raised
        except KernelTimedOut:
            break  # Every further one would take its deadline again.
        except KernelFault:
            continue
    return missing


def _returns_pairs(
    call: Executor, known: Called, description: Description, dtype: str
) -> bool:
    """Return whether a function without a flag for it returns the logsumexp always."""
    flags = [p for p, _ in known.parameters.values() if "return_lse" in p.says]
    if flags or known.face.returned.alone != "either":
        return False
    simplest = ATTENTION.recipe(dtype, **ATTENTION.simplest)
    case = attention(ATTENTION.table.within(simplest, description.capabilities))
    try:
        call(case.with_lse())
    except KernelFault:
        return False
    return True


def _probes(capabilities: Capabilities, dtype: str) -> Iterator[tuple[str, Case]]:
    """Yield for each option that is claimed a plain case that makes use of it."""
    table = ATTENTION.table
    simplest = ATTENTION.recipe(dtype, **ATTENTION.simplest)
    for claim in table.switches:
        if claim in capabilities:
            recipe = simplest.replace(**{claim: table.fields[claim][1]})
            yield claim, ATTENTION.case(table.within(recipe, capabilities))
    if "grouped_query" in capabilities:
        recipe = simplest.replace(query_heads=2)
        yield "grouped_query", ATTENTION.case(table.within(recipe, capabilities))
    if "return_lse" in capabilities:
        case = attention(table.within(simplest, capabilities))
        yield "return_lse", case.with_lse()


def _probes_of_kind(
    kind: Kind, capabilities: Capabilities, dtype: str
) -> Iterator[tuple[str, Case]]:
    """Yield for each claim that fields say a plain case that makes use of it."""
    simplest, fields = kind.recipe(dtype, **kind.simplest), kind.table.fields
    for claim, known in kind.table.claims.items():
        used = {n: fields[n][1] for n in known.fields if len(fields.get(n, ())) > 1}
        if claim in capabilities and used:
            recipe = kind.table.within(simplest.replace(**used), capabilities)
            if kind.table.uses(recipe, claim):
                yield claim, kind.case(recipe)


__all__ = ["offered"]
