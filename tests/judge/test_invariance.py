"""Claims of bits are asked of those who make them, and of nobody else."""

from __future__ import annotations

import pytest

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.judge import invariance
from attnspec.kinds.registry import KINDS
from attnspec.rogues import ROGUES

WITH_BITS = {
    "attention": "",
    "varlen": "varlen-",
    "padded": "padded-",
    "paged": "paged-",
    "cached": "cached-",
}


def _unpromising(name: str) -> Implementation:
    """Return a function whose bits depend on the batch, and which promises nothing."""
    known = ROGUES[name].fresh()
    description = known.description
    less = description.capabilities.claiming(without=invariance.CLAIMS)
    return Implementation(known.function, description.replace(capabilities=less))


@pytest.mark.parametrize(("kind", "prefix"), WITH_BITS.items())
def test_a_right_function_that_promises_nothing_is_not_accused(
    kind: str, prefix: str
) -> None:
    law, agreement = f"{prefix}batch-bits", KINDS[kind].agreement
    function = _unpromising(f"{prefix}bits-by-batch")

    report = check_implementation(function, tier="smoke", only=[law, agreement])

    verdicts = {o.invariant: o.verdict for o in report.outcomes}
    assert verdicts == {law: Verdict.UNSUPPORTED, agreement: Verdict.PASSED}


@pytest.mark.parametrize("claim", invariance.CLAIMS)
def test_a_claim_of_bits_is_made_by_no_keyword(claim: str) -> None:
    for kind in WITH_BITS:
        assert claim not in KINDS[kind].claimed_by(KINDS[kind].definition).claims
        assert claim in KINDS[kind].unsaid


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_of_bits_is_asked_of_every_kind_that_has_it(kind: str) -> None:
    needed = {need for law in KINDS[kind].laws.values() for need in law.needs}

    assert {*invariance.CLAIMS} & {*KINDS[kind].abilities} <= needed
    assert (kind in WITH_BITS) == ("batch_invariant" in KINDS[kind].abilities)


@pytest.mark.parametrize("kind", ["paged", "cached"])
def test_who_keeps_a_promise_is_accepted(kind: str) -> None:
    definition = Implementation.of(
        KINDS[kind].definition,
        kind=kind,
        dialect=KINDS[kind].default(),
        claims=(*invariance.CLAIMS,),
    )
    laws = [name for name in KINDS[kind].laws if name.endswith("-bits")]

    report = check_implementation(definition, tier="smoke", only=laws)

    assert report.conforms, report
    assert len(laws) == 4
