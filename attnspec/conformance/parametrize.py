"""Conformance as tests of pytest: one test an invariant and dtype."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

try:
    import pytest
except ModuleNotFoundError as error:
    _msg = "parametrize_with_checks needs pytest; pip install 'attnspec[pytest]'"
    raise ModuleNotFoundError(_msg, name="pytest") from error

from attnspec._arguments import checked
from attnspec._typing import Deadline, DType, Library, Tier
from attnspec.conformance.check import chosen, formats
from attnspec.conformance.declaring import declaring
from attnspec.conformance.differentiation import kinds_judged
from attnspec.conformance.programs import Program
from attnspec.conformance.reports.findings import Replay, failure_lines
from attnspec.conformance.runs import Named, opened, request_for
from attnspec.conformance.stands import LateWriter, Stand
from attnspec.conformance.targets import Request
from attnspec.exceptions import ConformanceFailure, InvalidArgument
from attnspec.judge.deviations import Deviation
from attnspec.judge.law import Invariant
from attnspec.judge.seeds import Seed, seed_of
from attnspec.judge.verdicts import Verdict
from attnspec.kinds.registry import DEFAULT_KIND
from attnspec.numerics import NumericModel

Test = Callable[..., object]
"""A test function."""

_OPENED = contextlib.ExitStack()
"""The kernels of `parametrize_with_checks`; they are closed when pytest ends."""

close_all = _OPENED.close
atexit.register(close_all)  # For a pytest whose plugin is switched off.


@dataclasses.dataclass(frozen=True)
class Check:
    """One invariant before one kernel, in one dtype: call it."""

    stand: Stand
    law: Invariant
    dtype: str
    replay: Replay

    @property
    def name(self) -> str:
        """The words that name this check: kernel, dtype and invariant."""
        return f"{self.stand.description.name}-{self.dtype}-{self.law.id}"

    def __call__(self) -> None:
        """Judge the kernel, as a test does.

        Raises
        ------
        ConformanceFailure
            If the law does not hold; the message is that of the command line.
        """
        __tracebackhide__ = True
        try:
            outcome = self.stand.outcome(self.law, self.dtype)
        except InvalidArgument as error:  # Not known before the kernel was called.
            raise ConformanceFailure(str(error)) from error
        if outcome.verdict is Verdict.UNSUPPORTED:
            pytest.skip(outcome.reason)
        if not outcome.conforms:
            raise ConformanceFailure("\n".join(failure_lines(outcome, self.replay)))

    def __repr__(self) -> str:
        """Return the name."""
        return f"<check {self.name}>"


def checks(
    kernel: Named,
    request: Request,
    stack: contextlib.ExitStack,
    *,
    dtypes: Iterable[str] = (),
    only: Iterable[str] = (),
    tier: Tier = "standard",
    seed: int = 0,
    deadline: float = 20.0,
    report: Path | None = None,
) -> list[Check]:
    """Open a kernel, and return its checks, each dtype's together.

    Parameters
    ----------
    kernel, request
        What names the kernel, and what is declared of it.
    stack
        What closes the kernel, and its report, when it is closed itself.
    dtypes, only, tier, seed, deadline, report
        As `parametrize_with_checks` has them.

    Raises
    ------
    InvalidArgument
        If the kernel cannot be opened, or a name does not exist.
    """
    with contextlib.ExitStack() as own:
        writers = [] if report is None else [LateWriter(report, request.title)]
        opening = opened(kernel, request, deadline=deadline)
        call, description = own.enter_context(opening)
        if isinstance(kernel, str | Program):
            description = description.replace(name=request.title)
        wanted = formats(description, dtypes)
        laws = chosen(only, kinds_judged(description))
        stand = Stand(
            call,
            description,
            wanted,
            tier=tier,
            seed=seed,
            only=laws if only else (),
            listeners=writers,
        )
        own.callback(stand.ended, laws)
        replay = Replay(request.replayed(), seed)
        found = [Check(stand, law, d, replay) for d in wanted for law in laws]
        stack.push(own.pop_all())
    return found


@checked
def parametrize_with_checks(  # noqa: PLR0913 - all that can be asked for
    implementations: Iterable[Named],
    *,
    kind: str = DEFAULT_KIND,
    arrays: Library | None = None,
    face: str | None = None,
    device: str | None = None,
    methods: Mapping[str, str] | None = None,
    dtypes: Iterable[DType] = (),
    claims: Iterable[str] = (),
    without: Iterable[str] = (),
    multiples: Mapping[str, int] | None = None,
    least: Mapping[str, int] | None = None,
    exclusive: Iterable[Iterable[str]] = (),
    dialect: Mapping[str, str] | None = None,
    models: Mapping[str, str | NumericModel] | None = None,
    deviations: Iterable[Deviation] = (),
    only: Iterable[str] = (),
    tier: Tier = "standard",
    seed: Seed = 0,
    deadline: Deadline = 20.0,
    report: Path | str | None = None,
) -> Callable[[Test], Test]:
    """Return a decorator that runs a test once for each kernel, dtype and invariant.

    The test takes the argument ``check`` and calls it. What is not claimed is
    skipped, with the reason; a known deviation passes. A kernel that is given by its
    name, or as a `Program`, is started when pytest collects and ended with pytest.

    Parameters
    ----------
    implementations
        Kernels, each as `check_implementation` takes it.
    kind, arrays, face, device, methods, dtypes, claims, without
        What is said of all of them, as in `check_implementation`.
    multiples, least, exclusive
        What is said of all of them, as in `check_implementation`.
    dialect, models, deviations, only, tier, seed, deadline
        As in `check_implementation`.
    report
        A file that the report of the one kernel is written to, as JSON lines. A
        worker of pytest-xdist writes what it has run to a file of its own:
        ``run.gw0.jsonl`` for ``run.jsonl``.

    Raises
    ------
    InvalidArgument
        If there is no kernel, or one cannot be opened, if a kind, an id, a claim, a
        dtype or the tier does not exist, or if several kernels share a report.

    Examples
    --------
    >>> from attnspec.kernels import tiled_attention
    >>> @parametrize_with_checks([tiled_attention], tier="smoke")
    ... def test_conformance(check):
    ...     check()
    """
    kernels, seed = [*implementations], seed_of(seed)
    if not kernels:
        msg = "implementations: expected at least one kernel; got none"
        raise InvalidArgument(msg)
    declared = declaring(
        dtypes=dtypes,
        claims=claims,
        without=without,
        multiples=multiples,
        least=least,
        exclusive=exclusive,
        dialect=dialect,
        models=models,
        deviations=deviations,
    )
    if len(kernels) > 1 and report is not None:
        msg = f"report: expected one kernel in a file; got {len(kernels)}"
        raise InvalidArgument(msg)
    found = [
        check
        for kernel in kernels
        for check in checks(
            kernel,
            request_for(kernel, kind, arrays, declared, face, device, methods),
            _OPENED,
            dtypes=dtypes,
            only=only,
            tier=tier,
            seed=seed,
            deadline=deadline,
            report=None if report is None else Path(report),
        )
    ]
    return pytest.mark.parametrize("check", found, ids=[c.name for c in found])


__all__ = [
    "Check",
    "checks",
    "close_all",
    "parametrize_with_checks",
]
