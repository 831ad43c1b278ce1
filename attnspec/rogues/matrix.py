"""The kill matrix: which invariant catches which rogue, and that none hits a control.

The same gallery measures any other checker: how many wrong kernels it kills, and
how many right ones.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import importlib
import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import threadpoolctl

from attnspec.conformance import Verdict
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches, chosen
from attnspec.conformance.runner import outcomes
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.bench import KernelBench
from attnspec.judge.law import Invariant
from attnspec.kinds.registry import DEFAULT_KIND, kind_named
from attnspec.kinds.registry import find as find_invariant
from attnspec.rogues import CONTROLS, ROGUES, Control, Rogue, find
from attnspec.rogues._table import Matrix, Row

NAMED_TIER = "standard"
"""The tier in which an invariant must catch the rogues that name it."""

Checker = Callable[[Callable[..., Any]], object]
"""Somebody else's checker: False or an exception rejects a kernel."""


def kill_matrix(
    seeds: Iterable[int] = (0,),
    *,
    rogues: Iterable[str] | None = None,
    kind: str | None = None,
    named: bool = False,
    in_turn: bool = False,
    invariants: Iterable[str] | None = None,
    tier: str = "smoke",
    checker: Checker | str | None = None,
    progress: Callable[[int, int, Row], None] = lambda _done, _all, _row: None,
    workers: int | None = None,
) -> Matrix:
    """Put every rogue and control before the invariants, or before a checker.

    A rogue is caught when the invariant that it names says what it must, which is
    *failed* with few exceptions. The named invariant runs in the standard tier. The
    first seed shows a rogue to the other invariants, too; controls see all of them
    with every seed.

    Parameters
    ----------
    seeds
        Where the examples are drawn from, once for each.
    rogues
        Ids of rogues and controls, all by default.
    kind
        The kind of function that they are; every kind by default, and attention
        for a checker.
    named
        Whether rogues are shown to the invariant that they name alone, as they are
        from the second seed on.
    in_turn
        Whether a control is shown to every sixth invariant, and to each in one of
        its formats; other seeds go on with the others. Which are first differs from
        control to control.
    invariants
        Ids of the other invariants, all by default; empty for the named one alone.
    tier
        The tier of the other invariants.
    checker
        Somebody else's checker, or ``module:function``: it gets a kernel, a function
        ``kernel(query, key, value, **options)``, and returns False or raises to
        reject it. It sees the functions of one kind that claim float32.
    progress
        Called with the number of rows done, of all rows, and the newest row.
    workers
        How many processes to use, by default one for each processor; 1 uses none.

    Returns
    -------
    Matrix
        ``matrix.holds`` says whether all are caught and none is hit.

    Raises
    ------
    UnknownName
        If there is no such rogue, control or invariant.
    InvalidArgument
        If a checker named ``module:function`` cannot be imported.

    Examples
    --------
    >>> matrix = kill_matrix(rogues=["zeros"], invariants=(), workers=1)
    >>> matrix.holds
    True
    >>> kill_matrix(rogues=["zeros"], checker=lambda kernel: True).holds
    False
    """
    start = time.perf_counter()
    drawn = tuple(seeds)
    laws = None if invariants is None else tuple(invariants)
    todo = _tasks(
        drawn, rogues, kind, laws, tier, checker, named=named, in_turn=in_turn
    )
    count = (os.cpu_count() or 1) if workers is None else workers
    foreign = callable(checker)  # It may be a closure, which no process can be sent.
    stream = map(run, todo) if count == 1 or foreign else _spread(todo, count)
    rows = []
    for row in stream:
        rows.append(row)
        progress(len(rows), len(todo), row)
    order = {(task.id, task.seed): place for place, task in enumerate(todo)}
    rows.sort(key=lambda row: order[row.id, row.seed])
    seconds = time.perf_counter() - start
    return Matrix(tuple(rows), drawn, _named(checker), seconds)


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One rogue or control and one seed, and what it is put before."""

    id: str
    seed: int
    tier: str
    laws: tuple[str, ...] | None
    checker: Checker | str | None
    in_turn: bool = False


def _tasks(
    seeds: tuple[int, ...],
    ids: Iterable[str] | None,
    kind: str | None,
    laws: tuple[str, ...] | None,
    tier: str,
    checker: Checker | str | None,
    *,
    named: bool,
    in_turn: bool,
) -> list[Task]:
    """Return what is to be done, or say what cannot be."""
    wanted = (*ROGUES, *CONTROLS) if ids is None else tuple(ids)
    entries = [find(id) for id in wanted]  # noqa: A001 - the field's name
    for law in laws or ():
        find_invariant(law)
    if kind is not None or checker is not None:
        kind_named(kind or DEFAULT_KIND)
        strange = [e for e in entries if _kind(e) != (kind or DEFAULT_KIND)]
        if ids is not None and strange:
            name, own = strange[0].id, _kind(strange[0])
            msg = f"rogue: {name!r} is of {own}, not of {kind or DEFAULT_KIND}"
            raise UnknownName(msg)
        entries = [e for e in entries if e not in strange]
    if checker is not None:
        resolved(checker)
        entries = [e for e in entries if "float32" in _claimed(e)]
        seeds = seeds[:1]
    todo = []
    for place, seed in enumerate(seeds):
        for entry in entries:
            alone = (named or place > 0) and isinstance(entry, Rogue)
            others = () if alone else laws
            todo.append(Task(entry.id, seed, tier, others, checker, in_turn))
    return todo


def _kind(entry: Rogue | Control) -> str:
    return entry.implementation.description.kind


def _claimed(entry: Rogue | Control) -> tuple[str, ...]:
    return entry.implementation.description.capabilities.dtypes


def _named(checker: Checker | str | None) -> str:
    if checker is None or isinstance(checker, str):
        return checker or ""
    return getattr(checker, "__qualname__", type(checker).__name__)


def resolved(checker: Checker | str) -> Checker:
    """Return a checker, imported if it is given by name."""
    if not isinstance(checker, str):
        return checker
    module, _, name = checker.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"checker: expected module:function, got {checker!r} ({error})"
        raise InvalidArgument(msg) from error
    if not callable(found):
        msg = f"checker: expected a function, got a {type(found).__name__}"
        raise InvalidArgument(msg)
    return found


def _spread(todo: list[Task], workers: int) -> Iterator[Row]:
    """Do tasks in several processes, and yield rows as they come."""
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_alone
    )
    with pool:
        waiting = [pool.submit(run, task) for task in todo]
        try:
            for done in concurrent.futures.as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _alone() -> None:
    """Keep the libraries of a worker from using the processors of the others."""
    threadpoolctl.threadpool_limits(1)


def run(task: Task) -> Row:
    """Do one task."""
    start = time.perf_counter()
    entry = find(task.id)
    row = _shown(entry, task) if task.checker is None else _checked(entry, task)
    return dataclasses.replace(row, seconds=time.perf_counter() - start)


def _checked(entry: Rogue | Control, task: Task) -> Row:
    """Put a kernel before a foreign checker."""
    checker = resolved(task.checker or "")
    try:
        accepted = checker(entry.fresh().function) is not False
    except (Exception, SystemExit) as error:  # noqa: BLE001 - however it rejects
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return Row(entry.id, task.seed, accepted=False, reason=reason)
    return Row(entry.id, task.seed, accepted=accepted)


def _shown(entry: Rogue | Control, task: Task) -> Row:
    """Put a kernel before the invariants."""
    kind = _kind(entry)
    wanted = [law for law in task.laws or () if find_invariant(law).kind == kind]
    laws = () if task.laws is not None and not wanted else chosen(wanted, (kind,))
    rogue = isinstance(entry, Rogue)
    in_turn = task.in_turn and not rogue
    verdicts, reason = _verdicts(
        entry, laws, task.tier, task.seed, brief=rogue, in_turn=in_turn
    )
    if isinstance(entry, Rogue):
        law = (find_invariant(entry.caught_by),)
        named, _ = _verdicts(entry, law, NAMED_TIER, task.seed, brief=True)
        verdicts |= named
    return Row(entry.id, task.seed, verdicts, reason="" if rogue else reason)


def _verdicts(
    entry: Rogue | Control,
    laws: tuple[Invariant, ...],
    tier: str,
    seed: int,
    *,
    brief: bool,
    in_turn: bool = False,
) -> tuple[dict[str, Verdict], str]:
    """Return what each invariant says, the worst of all dtypes; and why."""
    implementation = entry.fresh()
    description = implementation.description
    call = InProcess(implementation.function, lambda: entry.fresh().function)
    stands, _ = benches(call, description)
    wanted = [(stands, laws)]
    if in_turn:
        wanted = [*_in_turn(stands, laws, seed + [*CONTROLS].index(entry.id))]
    verdicts: dict[str, Verdict] = {}
    reason = ""
    for outcome in itertools.chain.from_iterable(
        outcomes(where, asked, tier=tier, seed=seed, brief=brief)
        for where, asked in wanted
    ):
        known = verdicts.get(outcome.invariant, Verdict.UNSUPPORTED)
        if known is Verdict.UNSUPPORTED or not outcome.verdict.conforms:
            verdicts[outcome.invariant] = outcome.verdict
        if not outcome.verdict.conforms:
            token = outcome.finding.token if outcome.finding else outcome.reason
            reason = reason or f"{outcome.invariant} {outcome.verdict}: {token}"
    return verdicts, reason


def _in_turn(
    stands: Mapping[str, KernelBench], laws: tuple[Invariant, ...], first: int
) -> Iterator[tuple[dict[str, KernelBench], tuple[Invariant, ...]]]:
    """Yield each format with the laws whose turn it is; five of six have none."""
    turns = 6 * len(stands)
    for place, (dtype, stand) in enumerate(stands.items()):
        yield {dtype: stand}, laws[(6 * place - first) % turns :: turns]


__all__ = [
    "NAMED_TIER",
    "Checker",
    "Matrix",
    "Row",
    "Task",
    "kill_matrix",
    "resolved",
    "run",
]
