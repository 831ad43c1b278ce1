"""Units that are judged in other processes, on this machine or on others."""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import dataclasses
import functools
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import threadpoolctl
from hypothesis.errors import HypothesisDeprecationWarning

from attnspec.conformance.targets import Request, open_target
from attnspec.conformance.units import Answer, Here, Unit, judged
from attnspec.judge.always import always
from attnspec.judge.bench import Executor
from attnspec.judge.evidence import MOST, Called
from attnspec.judge.tiers import tier_named
from attnspec.judge.verdicts import Outcome
from attnspec.kinds.registry import kind_named

WORTH = 2_000
"""How many examples are worth processes: one takes a second or two to start."""

_POLL = 0.1
"""Seconds after which somebody who waits for a unit hears of it."""

_OPEN = 2
"""How many kernels a process keeps open."""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """A unit, and the kernel that it is about."""

    request: Request
    deadline: float
    unit: Unit
    alone: bool = False
    """Whether what else is found in the run is not known yet."""
    recalled: bool = False
    """Whether the calls are wanted, whatever the outcome is: only so many are kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What became of a task."""

    outcome: Outcome | None
    """None if it depends on what else is found in the run."""
    calls: Called | None = None
    """None where nobody is likely to ask for them."""


Errors = tuple[type[BaseException], ...]
"""What an executor raises if it has lost a unit."""

_opened: list[tuple[Request, float, contextlib.ExitStack, Executor]] = []
"""The kernels that this process has open, the last one used at the end."""

_kernels = threading.Lock()
"""A worker of Dask may have threads, and a kernel answers one of them."""


def do(task: Task) -> Done:
    """Judge a unit in this process, which keeps the kernel open."""
    # A worker's own threads draw random numbers, and Hypothesis takes them for ours.
    said_of_threads = "Do not use the `random` module"
    warnings.filterwarnings("ignore", said_of_threads, HypothesisDeprecationWarning)
    with _kernels, threadpoolctl.threadpool_limits(1):
        said = task.unit.description
        kind = kind_named(said.kind)
        call = always(_kept_open(task), kind.fixed, said.capabilities.claims)
        answer = judged(task.unit, call, alone=task.alone)
    if answer is None:
        return Done(None)
    wanted = task.recalled or not answer.outcome.conforms
    return Done(answer.outcome, tuple(answer.called()) if wanted else None)


def _kept_open(task: Task) -> Executor:
    """Return the kernel of a task, opened if it is not open yet."""
    for place, (request, deadline, _, _) in enumerate(_opened):
        if (request, deadline) == (task.request, task.deadline):
            _opened.append(_opened.pop(place))
            return _opened[-1][-1]
    while len(_opened) >= _OPEN:
        _opened.pop(0)[2].close()
    stack = contextlib.ExitStack()
    call, _ = stack.enter_context(open_target(task.request, deadline=task.deadline))
    _opened.append((task.request, task.deadline, stack, call))
    # The first call of a process has longer; here as there it is the simplest.
    task.unit.bench(call).preflight(task.unit.dtype)
    return call


@atexit.register
def _close() -> None:
    """Close all kernels as long as the modules are there that they are closed by."""
    while _opened:
        _opened.pop()[2].close()


def _examples(unit: Unit) -> int:
    """Return how many examples a unit has, at most."""
    tier = tier_named(unit.tier)
    return min(tier.pinned, tier.drawn) + tier.drawn


@dataclasses.dataclass(slots=True)
class _Recall:
    """A unit whose calls nobody has asked for yet."""

    unit: Unit
    future: Future[Done] | None = None

    def begun(self, submit: Callable[[Unit], Future[Done]]) -> Future[Done]:
        """Return the unit that is judged again, begun if it was not yet."""
        if self.future is None:
            self.future = submit(dataclasses.replace(self.unit, is_settled=True))
        return self.future


class Spread:
    """Judges units on an executor, ahead of their turn.

    A law that fails may depend on what was found before it: it is judged again when
    its turn comes.

    Parameters
    ----------
    executor
        Where `do` runs: an executor of `concurrent.futures`, or what looks like one.
    request, deadline
        The kernel, and when a call has timed out.
    here
        Judges a unit in this process, where that is not worth while or has failed.
    waiting
        Called with dtype and law now and then, as long as a unit is waited for.
    lost
        What the executor raises if it has lost a unit.
    width
        How many units it can judge at once.
    worth
        How many examples there must be, or all are judged here.
    """

    def __init__(
        self,
        executor: concurrent.futures.Executor,
        request: Request,
        deadline: float,
        here: Here,
        *,
        waiting: Callable[[str, str], None] = lambda _dtype, _law: None,
        lost: Errors = (),
        width: int = 1,
        worth: int = WORTH,
    ) -> None:
        """Judge the units of this kernel."""
        self._executor = executor
        self._request = request.found_from_anywhere()
        self._deadline = deadline
        self._here = here
        self._waiting = waiting
        self._lost: Errors = (concurrent.futures.BrokenExecutor, *lost)
        self._width = width
        self._worth = worth
        self._ahead: dict[tuple[str, str], tuple[Unit, Future[Done]]] = {}
        self._later: dict[str, list[_Recall]] = {}
        self._is_used = False

    def expect(self, units: Sequence[Unit]) -> None:
        """Begin with units whose findings are not known yet, if there are some."""
        self._is_used = sum(map(_examples, units)) >= self._worth
        if not self._is_used:
            return
        before: Counter[str] = Counter()
        with contextlib.suppress(*self._lost):
            for unit in units:
                first = before[unit.dtype] < MOST
                before[unit.dtype] += _examples(unit)
                self._ahead[unit.key] = (
                    unit,
                    self._submit(unit, alone=True, recalled=first),
                )

    def drop(self, dtype: str) -> None:
        """Hear that nobody will ask for the other units of a dtype."""
        for key in [key for key in self._ahead if key[0] == dtype]:
            self._ahead.pop(key)[1].cancel()

    def ask(self, unit: Unit) -> Answer | None:
        """Return what becomes of a unit."""
        if not self._is_used:
            return self._here.ask(unit)
        try:
            return self._asked(unit)
        except self._lost:
            return self._here.ask(unit)

    def _asked(self, unit: Unit) -> Answer | None:
        if unit.key in self._ahead:
            expected, future = self._ahead.pop(unit.key)
            # What a law is asked of may have become less since then.
            if expected == dataclasses.replace(unit, findings=(), is_settled=True):
                done = self._result(future, unit)
                if done.outcome is not None:
                    return Answer(done.outcome, self._calls(unit, done))
        done = self._result(self._submit(unit), unit)
        if done.outcome is None:
            return None
        return Answer(done.outcome, self._calls(unit, done))

    def _submit(
        self, unit: Unit, *, alone: bool = False, recalled: bool = False
    ) -> Future[Done]:
        task = Task(self._request, self._deadline, unit, alone, recalled)
        return self._executor.submit(do, task)

    def _result(self, future: Future[Done], unit: Unit) -> Done:
        """Wait for a unit."""
        while True:
            try:
                return future.result(_POLL)
            except concurrent.futures.TimeoutError:
                if future.done():
                    raise
            self._waiting(*unit.key)

    def _calls(self, unit: Unit, done: Done) -> Called | Callable[[], Called]:
        """Return the calls of a unit, or what makes them again."""
        if done.calls is not None:
            return done.calls
        several = self._later.setdefault(unit.dtype, [])
        place = len(several)
        several.append(_Recall(unit))
        return lambda: self._recalled(several[place : place + self._width])

    def _recalled(self, several: Sequence[_Recall]) -> Called:
        """Return the calls of the first of some units; begin with the others."""
        submit = functools.partial(self._submit, recalled=True)
        unit = several[0].unit
        try:
            first, *_ = [each.begun(submit) for each in several]
            return self._result(first, unit).calls or ()
        except self._lost:
            return self._here.calls(unit)


__all__ = ["WORTH", "Done", "Spread", "Task", "do"]
