"""What a function with a face offers in use: packages list names and raise."""

from __future__ import annotations

from collections.abc import Iterator

from attnspec.conformance.facing import PLAIN, attention, face_of
from attnspec.exceptions import KernelFault, KernelRaised, KernelTimedOut
from attnspec.faces import Called
from attnspec.judge.bench import Executor
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.kinds.attention.kind import ATTENTION


def offered(
    call: Executor, description: Description, dtype: str
) -> tuple[Description, dict[str, str]]:
    """Return what a function offers in use, and what it says that it does not.

    Packages list the names of a face and raise in use: each option is tried once on a
    plain case. Only an exception by which the face says so withdraws a claim.
    """
    known = face_of(description)
    if known is None or known.face.id == PLAIN:
        return description, {}
    missing: dict[str, str] = {}
    for claim, case in _probes(description.capabilities, dtype):
        try:
            call(case)
        except KernelRaised as fault:
            raised = str(fault).splitlines()[0]
            if raised.partition(":")[0] in known.face.not_offered:
                missing[claim] = raised
        except KernelTimedOut:
            break  # Every further one would take its deadline again.
        except KernelFault:
            continue
    more = ["return_lse"] if _returns_pairs(call, known, description, dtype) else []
    capabilities = description.capabilities.claiming(more, missing)
    return description.replace(capabilities=capabilities), missing


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


__all__ = ["offered"]
