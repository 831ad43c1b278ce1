"""Running the invariants against one implementation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

from attnspec.exceptions import KernelFault
from attnspec.judge.bench import KernelBench
from attnspec.judge.drawing import hashed
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.trial import Trial
from attnspec.judge.verdicts import Outcome, Verdict

_PATIENCE = 3
"""After so many time-outs a kernel is not called again: it would take hours."""


def outcomes(
    benches: Mapping[str, KernelBench],
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
        blocked = _preflight(bench, dtype)
        timeouts = 0
        for law in invariants:
            if reason := bench.out_of_scope(law):
                yield Outcome(law.id, dtype, Verdict.UNSUPPORTED, reason=reason)
                continue
            if blocked is not None and not law.is_form:
                yield Outcome(law.id, dtype, Verdict.NOT_RUN, reason=blocked)
                continue
            if timeouts >= _PATIENCE:
                reason = "the kernel timed out three times"
                yield Outcome(law.id, dtype, Verdict.NOT_RUN, reason=reason)
                continue
            draws = bench.draws(law, dtype, tier, hashed(seed, law.id))
            tick = functools.partial(progress, dtype, law.id)
            trial = Trial(law, bench, draws, budget, tick, brief=brief)
            outcome = trial.run()
            timeouts += outcome.verdict is Verdict.TIMED_OUT
            yield outcome


def _preflight(bench: KernelBench, dtype: str) -> str | None:
    """Return why the simplest call of all does not work, or None."""
    try:
        bench.call(bench.simplest(dtype))
    except KernelFault as fault:
        return f"the simplest call fails: {fault}"
    return None


__all__ = ["outcomes"]
