"""The kill matrix: which invariant catches which rogue, and that none hits a control.

The same gallery measures any other checker: how many wrong kernels it kills, and
how many right ones.
"""

from __future__ import annotations

import concurrent.futures
import csv
import dataclasses
import importlib
import io
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import threadpoolctl

from attnspec.conformance import Verdict
from attnspec.conformance.check import InProcess, benches, chosen
from attnspec.conformance.runner import outcomes
from attnspec.exceptions import InvalidArgument
from attnspec.invariants import Invariant
from attnspec.invariants import find as find_invariant
from attnspec.rogues import CONTROLS, ROGUES, Control, Rogue, find

NAMED_TIER = "standard"
"""The tier in which an invariant must catch the rogues that name it."""

Checker = Callable[[Callable[..., Any]], object]
"""Somebody else's checker: False or an exception rejects a kernel."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What became of one rogue or control with one seed."""

    id: str
    seed: int
    verdicts: Mapping[str, Verdict] = dataclasses.field(default_factory=dict)
    """What each invariant said; the worst of all dtypes."""
    accepted: bool | None = None
    """What a foreign checker said."""
    reason: str = ""
    """Why it is rejected, if there are words for it."""
    seconds: float = 0.0

    @property
    def control(self) -> bool:
        """Whether the kernel is right."""
        return self.id in CONTROLS

    @property
    def right(self) -> bool:
        """Whether the rogue was caught as it says, or the control accepted."""
        if self.accepted is not None:
            return self.accepted is self.control
        if self.control:
            return all(verdict.conforms for verdict in self.verdicts.values())
        entry = ROGUES[self.id]
        return self.verdicts.get(entry.caught_by) is entry.verdict

    @property
    def catching(self) -> tuple[str, ...]:
        """The invariants that broke on the kernel."""
        quiet = (Verdict.MISTRUSTED, Verdict.NOT_RUN)
        found = self.verdicts.items()
        return tuple(n for n, v in found if not (v.conforms or v in quiet))


@dataclasses.dataclass(frozen=True, slots=True)
class Matrix:
    """The rows of all rogues, controls and seeds."""

    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    checker: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every rogue was caught and every control accepted, every time."""
        return bool(self.rows) and all(row.right for row in self.rows)

    def of(self, id: str) -> tuple[Row, ...]:  # noqa: A002 - the field's name
        """Return the rows of one rogue or control."""
        return tuple(row for row in self.rows if row.id == id)

    def ids(self, *, controls: bool) -> tuple[str, ...]:
        """Return the ids of the rogues, or of the controls, in their order."""
        kind = (row.id for row in self.rows if row.control is controls)
        return tuple(dict.fromkeys(kind))

    def text(self) -> str:
        """Return the matrix in lines of at most 80 characters."""
        return "\n".join(_lines(self))

    def csv(self) -> str:
        """Return one line for each rogue, control and seed, with every invariant."""
        names = dict.fromkeys(name for row in self.rows for name in row.verdicts)
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        head = ("id", "kind", "mistake", "caught_by", "seed", "right", "accepted")
        table.writerow([*head, *names])
        for row in self.rows:
            verdicts = [str(row.verdicts.get(name, "")) for name in names]
            table.writerow([*_facts(row), *verdicts])
        return out.getvalue()


def _facts(row: Row) -> tuple[object, ...]:
    """Return the first columns of a row."""
    accepted = "" if row.accepted is None else row.accepted
    if row.control:
        return row.id, "control", "", "", row.seed, row.right, accepted
    entry = ROGUES[row.id]
    named = (entry.mistake, entry.caught_by)
    return row.id, "rogue", *named, row.seed, row.right, accepted


def kill_matrix(
    seeds: Iterable[int] = (0,),
    *,
    rogues: Iterable[str] | None = None,
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
    invariants
        Ids of the other invariants, all by default; empty for the named one alone.
    tier
        The tier of the other invariants.
    checker
        Somebody else's checker, or ``module:function``: it gets a kernel, a function
        ``kernel(query, key, value, **options)``, and returns False or raises to
        reject it. It sees the kernels that claim float32.
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
    todo = _tasks(drawn, rogues, laws, tier, checker)
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


def _tasks(
    seeds: tuple[int, ...],
    ids: Iterable[str] | None,
    laws: tuple[str, ...] | None,
    tier: str,
    checker: Checker | str | None,
) -> list[Task]:
    """Return what is to be done, or say what cannot be."""
    wanted = (*ROGUES, *CONTROLS) if ids is None else tuple(ids)
    entries = [find(id) for id in wanted]  # noqa: A001 - the field's name
    for law in laws or ():
        find_invariant(law)
    if checker is not None:
        resolved(checker)
        entries = [e for e in entries if "float32" in _claimed(e)]
        seeds = seeds[:1]
    todo = []
    for place, seed in enumerate(seeds):
        for entry in entries:
            others = () if place and isinstance(entry, Rogue) else laws
            todo.append(Task(entry.id, seed, tier, others, checker))
    return todo


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
    return found  # type: ignore[no-any-return]


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
    laws = () if task.laws == () else chosen(task.laws or ())
    rogue = isinstance(entry, Rogue)
    verdicts, reason = _verdicts(entry, laws, task.tier, task.seed, brief=rogue)
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
) -> tuple[dict[str, Verdict], str]:
    """Return what each invariant says, the worst of all dtypes; and why."""
    implementation = entry.fresh()
    description = implementation.description
    stands, _ = benches(InProcess(implementation), description)
    verdicts: dict[str, Verdict] = {}
    reason = ""
    for outcome in outcomes(
        description, stands, laws, tier=tier, seed=seed, brief=brief
    ):
        known = verdicts.get(outcome.invariant, Verdict.UNSUPPORTED)
        if known is Verdict.UNSUPPORTED or not outcome.verdict.conforms:
            verdicts[outcome.invariant] = outcome.verdict
        if not outcome.verdict.conforms:
            token = outcome.finding.token if outcome.finding else outcome.reason
            reason = reason or f"{outcome.invariant} {outcome.verdict}: {token}"
    return verdicts, reason


def _lines(matrix: Matrix) -> Iterator[str]:
    """Yield the lines of a rendered matrix."""
    if not matrix.checker:
        yield f"{'rogue':31} {'must be caught by':23} {'caught':>7} {'also by':>8}"
    else:
        yield f"{'rogue':31} {'mistake':23} {matrix.checker[-22:]}"
    for id in matrix.ids(controls=False):  # noqa: A001 - the field's name
        yield _rogue_line(matrix, id)
    yield ""
    yield f"{'control':31} accepted"
    for id in matrix.ids(controls=True):  # noqa: A001 - the field's name
        rows = matrix.of(id)
        wrong = next((row.reason for row in rows if not row.right), "")
        yield f"{id:31} {_share(rows):8} {wrong}"[:80].rstrip()
    yield ""
    yield from _summary(matrix)


def _rogue_line(matrix: Matrix, id: str) -> str:  # noqa: A002 - the field's name
    rows, entry = matrix.of(id), ROGUES[id]
    if matrix.checker:
        return f"{id:31} {entry.mistake:23} {'killed' if rows[0].right else 'SURVIVES'}"
    others = set(rows[0].catching) - {entry.caught_by}
    mark = "" if all(row.right for row in rows) else "  SURVIVES"
    also = len(others) if len(rows[0].verdicts) > 1 else ""
    return f"{id:31} {entry.caught_by:23} {_share(rows):>7} {also:>8}{mark}"


def _share(rows: tuple[Row, ...]) -> str:
    return f"{sum(row.right for row in rows)}/{len(rows)}"


def _summary(matrix: Matrix) -> Iterator[str]:
    """Yield how many are caught and accepted with every seed."""
    counts = []
    for controls in (False, True):
        ids = matrix.ids(controls=controls)
        right = [all(row.right for row in matrix.of(id)) for id in ids]  # noqa: A001 - the field's name
        counts += [sum(right), len(right)]
    seeds = f"{len(matrix.seeds)} seed{'s' * (len(matrix.seeds) != 1)}"
    verb = "killed" if matrix.checker else "caught"
    yield (
        f"{counts[0]} of {counts[1]} rogues {verb}, "
        f"{counts[2]} of {counts[3]} controls accepted, "
        f"{seeds}, {matrix.seconds:.0f} s"
    )


__all__ = [
    "NAMED_TIER",
    "Checker",
    "Matrix",
    "Row",
    "kill_matrix",
    "run",
]
