"""Running the invariants against one implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attnspec.cases import Recipe, build
from attnspec.conformance.bench import Executor, KernelBench
from attnspec.conformance.implementation import Description
from attnspec.conformance.trial import Trial, hashed, tier_named
from attnspec.conformance.verdicts import Outcome, Verdict
from attnspec.exceptions import KernelFault
from attnspec.invariants import Invariant, tellable
from attnspec.strategies import Domain

_PATIENCE = 3
"""After so many time-outs a kernel is not called again: it would take hours."""


def outcomes(
    description: Description,
    benches: dict[str, KernelBench],
    invariants: tuple[Invariant, ...],
    *,
    tier: str = "standard",
    seed: int = 0,
    brief: bool = False,
    progress: Callable[[str, str], None] = lambda _dtype, _invariant: None,
) -> Iterator[Outcome]:
    """Yield the outcome of every invariant in every dtype.

    Parameters
    ----------
    description
        What the kernel claims.
    benches
        For each dtype to run in, the bench that the kernel stands on.
    invariants
        The laws, in this order.
    tier, seed
        How much to draw, and from where.
    brief
        Whether only verdicts are wanted: findings are not made small, and examples
        not asked whether they could have told a null answer.
    progress
        Called with dtype and invariant before each example.
    """
    budget = tier_named(tier)
    for dtype, bench in benches.items():
        blocked = _preflight(bench.call, dtype, description)
        timeouts = 0
        for law in invariants:
            if reason := _out_of_scope(law, bench):
                yield Outcome(law.id, dtype, Verdict.UNSUPPORTED, reason=reason)
                continue
            if blocked is not None and law.id != "result-form":
                yield Outcome(law.id, dtype, Verdict.NOT_RUN, reason=blocked)
                continue
            if timeouts >= _PATIENCE:
                reason = "the kernel timed out three times"
                yield Outcome(law.id, dtype, Verdict.NOT_RUN, reason=reason)
                continue
            domain = _domain(law, bench, dtype, tier, seed)
            tick = _ticker(progress, dtype, law.id)
            trial = Trial(law, bench, domain, budget, tick, brief=brief)
            outcome = trial.run()
            timeouts += outcome.verdict is Verdict.TIMED_OUT
            yield outcome


def _ticker(
    progress: Callable[[str, str], None], dtype: str, law: str
) -> Callable[[], None]:
    return lambda: progress(dtype, law)


def _domain(
    law: Invariant, bench: KernelBench, dtype: str, tier: str, seed: int
) -> Domain:
    return Domain(
        capabilities=law.scope(bench.capabilities),
        dtype=dtype,
        tier=tier,
        seed=hashed(seed, law.id),
        families=law.families,
        needs=law.needs,
        any_of=law.any_of,
        fields=law.fields,
    )


def _out_of_scope(law: Invariant, bench: KernelBench) -> str:
    """Return why a law says nothing of a kernel, or nothing."""
    scope = law.scope(bench.capabilities)
    if missing := scope.missing(law.needs):
        return f"{', '.join(missing)} not claimed"
    if not scope.allows(law.needs):
        return f"{' and '.join(sorted(law.needs))} exclude each other"
    if not law.applies(bench.dialect, scope):
        return "nothing to see within what is claimed"
    domain = Domain(scope, families=law.families, needs=law.needs, tier="standard")
    if not domain.usable():
        return "no family can be drawn within what is claimed"
    if not tellable(law.nulls, scope, law.needs):
        return "nothing to see within what is claimed"
    return ""


def _preflight(call: Executor, dtype: str, description: Description) -> str | None:
    """Return why the simplest call of all does not work, or None."""
    recipe = Recipe(dtype=dtype, queries=3, keys=3, width=4, value_width=4)
    try:
        call(build(description.capabilities.fit(recipe)))
    except KernelFault as fault:
        return f"the simplest call fails: {fault}"
    return None


__all__ = ["outcomes"]
