"""Conformance as tests of pytest: one test an invariant and dtype."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator

try:
    import pytest
except ModuleNotFoundError as error:
    _msg = "parametrize_with_checks needs pytest; pip install 'attnspec[pytest]'"
    raise ModuleNotFoundError(_msg, name="pytest") from error

from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches, chosen, claiming
from attnspec.conformance.implementation import (
    Implementation,
    Kernel,
    as_implementation,
)
from attnspec.conformance.reports.text import Replay, failure_lines
from attnspec.conformance.runner import outcomes
from attnspec.exceptions import ConformanceFailure, InvalidArgument
from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.description import Description
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import tier_named
from attnspec.judge.verdicts import Outcome, Verdict

Test = Callable[..., object]
"""A test function."""


class Stand:
    """One kernel under test; its dialect is detected once, when it is first needed."""

    def __init__(self, call: Executor, description: Description) -> None:
        """Judge this kernel."""
        self._call = call
        self.description = description

    @functools.cached_property
    def benches(self) -> dict[str, KernelBench]:
        """For each dtype the bench on which the kernel stands."""
        return benches(self._call, self.description)[0]


@dataclasses.dataclass(frozen=True)
class Check:
    """One invariant before one kernel, in one dtype: call it."""

    stand: Stand
    law: Invariant
    dtype: str
    tier: str
    seed: int
    replay: Replay

    @property
    def name(self) -> str:
        """The words that name this check: kernel, dtype and invariant."""
        return f"{self.stand.description.name}-{self.dtype}-{self.law.id}"

    def outcome(self) -> Outcome:
        """Judge the kernel."""
        stands = {self.dtype: self.stand.benches[self.dtype]}
        found = outcomes(stands, (self.law,), tier=self.tier, seed=self.seed)
        return next(found)

    def __call__(self) -> None:
        """Judge the kernel, as a test does.

        Raises
        ------
        ConformanceFailure
            If the law does not hold; the message is that of the command line.
        """
        __tracebackhide__ = True
        outcome = self.outcome()
        if outcome.verdict is Verdict.UNSUPPORTED:
            pytest.skip(outcome.reason)
        if not outcome.conforms:
            raise ConformanceFailure("\n".join(failure_lines(outcome, self.replay)))

    def __repr__(self) -> str:
        """Return the name."""
        return f"<check {self.name}>"


def checks(
    call: Executor,
    description: Description,
    *,
    dtypes: Iterable[str] = (),
    only: Iterable[str] = (),
    tier: str = "standard",
    seed: int = 0,
    replay: Replay,
) -> Iterator[Check]:
    """Yield the checks of one kernel, each dtype's together."""
    stand = Stand(call, description)
    laws = chosen(only, description.kind)
    tier_named(tier)
    claimed = description.capabilities.dtypes
    for dtype in tuple(dtypes) or claimed:
        if dtype not in claimed:
            msg = f"dtype: {dtype} is not claimed; claimed: {', '.join(claimed)}"
            raise InvalidArgument(msg)
        for law in laws:
            yield Check(stand, law, dtype, tier, seed, replay)


def parametrize_with_checks(
    implementations: Iterable[Kernel | Implementation],
    *,
    kind: str = "attention",
    dtypes: Iterable[str] = (),
    claims: Iterable[str] = (),
    without: Iterable[str] = (),
    only: Iterable[str] = (),
    tier: str = "standard",
    seed: int = 0,
) -> Callable[[Test], Test]:
    """Return a decorator that runs a test once for each kernel, dtype and invariant.

    The test takes the argument ``check`` and calls it. What is not claimed is
    skipped, with the reason; a known deviation passes.

    Parameters
    ----------
    implementations
        Plain functions, or `Implementation` objects.
    kind
        What plain functions are, such as ``rope``; see ``attnspec kinds``.
    dtypes
        The formats to judge, all claimed ones by default.
    claims
        Capabilities that the signatures cannot say.
    without
        Capabilities that they say and that are not claimed.
    only
        Ids of invariants, all by default.
    tier
        ``smoke``, ``standard`` or ``thorough``.
    seed
        Where the examples are drawn from.

    Raises
    ------
    UnknownName
        If an id, a claim, a dtype or the tier does not exist.

    Examples
    --------
    >>> from attnspec.kernels import tiled_attention
    >>> @parametrize_with_checks([tiled_attention], only=["agreement"])
    ... def test_conformance(check):
    ...     check()
    """
    wanted, asked, laws = tuple(dtypes), tuple(claims), tuple(only)
    withdrawn = tuple(without)
    found: list[Check] = []
    for target in implementations:
        known = as_implementation(target, kind=kind)
        description = claiming(known.description, asked, wanted, withdrawn)
        call = InProcess(known.function)
        found += checks(
            call,
            description,
            dtypes=wanted,
            only=laws,
            tier=tier,
            seed=seed,
            replay=Replay(_target(known.function), asked, without=withdrawn),
        )
    return pytest.mark.parametrize("check", found, ids=[c.name for c in found])


def _target(function: Kernel) -> str:
    """Return the words that name a function on the command line, if there are any."""
    name = getattr(function, "__qualname__", "<unnamed>")
    module = getattr(function, "__module__", None)
    return f"{module}:{name}" if module and "<" not in name else "TARGET"


__all__ = ["Check", "Stand", "checks", "parametrize_with_checks"]
