"""Claims of bits are asked of those who make them, and of nobody else."""

from __future__ import annotations

from typing import Any

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
}


def _verdict(name: str, law: str) -> Any:
    """Judge a function whose bits depend on the batch, and which promises nothing."""
    known = ROGUES[name].fresh()
    description = known.description
    less = description.capabilities.claiming(without=invariance.CLAIMS)
    told = description.replace(capabilities=less)
    implementation = Implementation(known.function, told)
    report = check_implementation(implementation, tier="smoke", only=[law])
    (outcome,) = report.outcomes
    return outcome.verdict


@pytest.mark.parametrize(("kind", "prefix"), WITH_BITS.items())
def test_a_right_function_that_promises_nothing_is_not_accused(
    kind: str, prefix: str
) -> None:
    law = f"{prefix}batch-bits"
    assert law in KINDS[kind].laws

    verdict = _verdict(f"{prefix}bits-by-batch", law)

    assert verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("claim", invariance.CLAIMS)
def test_a_claim_of_bits_is_made_by_no_keyword(claim: str) -> None:
    for kind in WITH_BITS:
        assert claim not in KINDS[kind].claimed_by(KINDS[kind].definition).claims
        assert claim in KINDS[kind].unsaid


def test_who_keeps_a_promise_is_accepted() -> None:
    definition = Implementation.of(
        KINDS["paged"].definition,
        kind="paged",
        dialect=KINDS["paged"].default(),
        claims=(*invariance.CLAIMS,),
    )
    laws = [name for name in KINDS["paged"].laws if name.endswith("-bits")]

    report = check_implementation(definition, tier="smoke", only=laws)

    assert report.conforms, report
    assert len(laws) == 4
