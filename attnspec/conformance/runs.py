"""A whole run: a kernel is opened, whatever names it, judged and written down."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attnspec._arguments import checked
from attnspec._typing import Deadline, DType, Library, Size, Tier
from attnspec.conformance.call import InProcess
from attnspec.conformance.declaring import declaring
from attnspec.conformance.executors import spreading_over
from attnspec.conformance.facing import orders
from attnspec.conformance.implementation import (
    Implementation,
    Kernel,
    as_implementation,
)
from attnspec.conformance.importing import of_kind
from attnspec.conformance.programs import Program
from attnspec.conformance.recording import recorded
from attnspec.conformance.reports import Replay
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument
from attnspec.faces import joined
from attnspec.judge.bench import Executor
from attnspec.judge.description import Description
from attnspec.judge.deviations import Deviation
from attnspec.judge.seeds import Seed, seed_of
from attnspec.judge.verdicts import Report
from attnspec.kinds.registry import DEFAULT_KIND
from attnspec.numerics import NumericModel

Named = str | Program | Kernel | Implementation
"""A kernel: words that name it, a program, a function, or all that is known of it."""


def request_for(
    named: Named,
    kind: str,
    arrays: Library | None,
    declared: Mapping[str, Mapping[str, Any]],
    face: str | None = None,
    device: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> Request:
    """Return the request that asks for a kernel; for a function it is asked here.

    Raises
    ------
    InvalidArgument
        If the words that name it are empty.
    """
    if isinstance(named, str) and not named.strip():
        msg = f"target: expected words that name a kernel; got {named!r}"
        raise InvalidArgument(msg)
    face = joined(face or "", methods or {})
    manner = {"arrays": arrays or "", "face": face, "device": device or ""}
    called = {"kind": kind, **manner}
    if isinstance(named, Program):
        return Request(program=named.command, declared=declared, **called)
    target = named if isinstance(named, str) else _words(named)
    return Request(target, declared=declared, **called)


def _words(kernel: Kernel | Implementation) -> str:
    """Return the words that name a function on the command line, if there are any."""
    function = kernel.function if isinstance(kernel, Implementation) else kernel
    name = getattr(function, "__qualname__", "<unnamed>")
    module = getattr(function, "__module__", None)
    return f"{module}:{name}" if module and "<" not in name else "TARGET"


@contextlib.contextmanager
def opened(
    named: Named, request: Request, *, deadline: float = 20.0
) -> Iterator[tuple[Executor, Description]]:
    """Open a kernel: a function in this process, all else in one of its own.

    Raises
    ------
    InvalidArgument
        If it cannot be opened, or cannot be what is declared.
    """
    if isinstance(named, str | Program):
        with open_target(request, deadline=deadline) as (call, description):
            yield call, description
            return
    known = as_implementation(named, kind=request.kind, **request.manner)
    of_kind(known, request.kind, request.title)
    call = InProcess(known.function, orders=orders(known.description))
    yield call, request.said_of(known.description)


@checked
def check_implementation(  # noqa: PLR0913 - all that can be asked for
    implementation: Named,
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
    stop_at_first: bool = False,
    jobs: Size | None = 1,
    report: Path | str | None = None,
    resume: bool = False,
    junit: Path | str | None = None,
) -> Report:
    """Judge a kernel, as ``attnspec check`` does.

    Parameters
    ----------
    implementation
        The name of a kernel (``"torch"``, ``"package.module:function"``,
        ``"path/file.py:function"``) or a `Program`, judged in a process of its own.
        Or a plain function ``kernel(query, key, value, *, mask=None, ...)``, whose
        keywords are its capabilities, or an `Implementation`, judged in this process:
        a kernel that crashes ends it, and one that hangs is waited for.
    kind
        What it is: ``attention``, or one of ``attnspec kinds``.
    arrays
        The library whose arrays a function takes: ``numpy``, ``torch``, ``jax`` or
        ``mlx``; that of its face by default.
    face
        How a function is called, one of ``attnspec faces``; recognised by default.
    device
        Where its arrays lie: ``cpu``, ``cuda``, ``cuda:1``, or what else the library
        calls its devices.
    methods
        What the methods of a class are called, such as ``{"append": "put"}``; those
        that its face knows are recognised.
    dtypes
        The formats to judge, all claimed ones by default.
    claims
        Capabilities beside those that it claims itself.
    without
        Capabilities that it claims itself and that are not claimed.
    multiples
        For each size the number that divides every supported one.
    least
        For each size the smallest that is supported.
    exclusive
        Claims of which no two may come together, in pairs or more at once.
    dialect
        Choices on which systems differ, by field.
    models
        For a format how it computes there: the name of a model, or a model.
    deviations
        What it is known to fail.
    only
        Ids of invariants, all by default.
    tier
        ``smoke``, ``standard`` or ``thorough``.
    seed
        Where the examples are drawn from; ``"random"`` is another place every time,
        and the report says which: a kernel cannot have seen those examples before.
    deadline
        Seconds after which a call has timed out; in this process there is none.
    stop_at_first
        Whether the first failure ends the run.
    jobs
        How many processes judge a kernel that is given by its name, or a `Program`;
        None is one for each processor. A function is judged in this process alone.
        Processes are started anew: a script that asks for them does so under
        ``if __name__ == "__main__":``.
    report, junit
        Files that the report is written to, as JSON lines and as JUnit XML.
    resume
        Whether to go on with the report if it was cut off: what it says is kept.

    Returns
    -------
    Report
        ``report.conforms`` says whether the kernel conforms; ``report.failures``
        holds the outcomes that do not.

    Raises
    ------
    InvalidArgument
        If a kind, an id, a claim, a dtype or the tier does not exist, if the kernel
        cannot be opened or a file not written, if a function is to be judged in
        several processes, or if the report to resume is of another run.

    Examples
    --------
    >>> from attnspec.kernels import tiled_attention
    >>> report = check_implementation(tiled_attention, only=["agreement"], tier="smoke")
    >>> report.conforms
    True
    """
    seed = seed_of(seed)
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
    request = request_for(implementation, kind, arrays, declared, face, device, methods)
    if jobs != 1 and not isinstance(implementation, str | Program):
        msg = f"jobs: a function is judged in this process, so 1; got {jobs!r}"
        raise InvalidArgument(msg)
    with (
        opened(implementation, request, deadline=deadline) as (call, description),
        spreading_over(request, deadline, jobs=jobs) as spreading,
    ):
        return recorded(
            call,
            description,
            title=request.title,
            replay=Replay(request.replayed(), seed),
            report=None if report is None else Path(report),
            resume=resume,
            junit=None if junit is None else Path(junit),
            dtypes=dtypes,
            only=only,
            tier=tier,
            seed=seed,
            stop_at_first=stop_at_first,
            spreading=spreading,
        )


__all__ = ["Named", "check_implementation", "opened", "request_for"]
