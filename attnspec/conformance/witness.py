"""The call of a finding that is wrong by itself: what went in, what came back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.facing import own_face_of
from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.faces import Called
from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.law import F64
from attnspec.numerics import within


class Recorder:
    """Calls a kernel through another executor, and keeps what came of every call."""

    def __init__(self, call: Executor) -> None:
        """Start with no calls."""
        self._call = call
        self.unsaid: tuple[str, ...] = getattr(call, "unsaid", ())
        self.calls: list[tuple[Case, Result | None]] = []

    @property
    def forgets(self) -> bool:
        """Whether `restart` leaves a function without a past."""
        return self._call.forgets

    def restart(self) -> None:
        """Forget all earlier calls, where that is possible."""
        self._call.restart()
        self.calls.clear()

    def __call__(self, case: Case) -> Result:
        """Call the kernel."""
        self.calls.append((case, None))
        found = self._call(case)
        self.calls[-1] = case, found
        return found


@dataclasses.dataclass(frozen=True)
class Compared:
    """One result of a call beside what is right, and how far off it may be."""

    name: str
    expected: F64
    bound: F64
    actual: Array | None
    """None if the kernel returned nothing."""


@dataclasses.dataclass(frozen=True)
class Witness:
    """A call, and its results beside what is right."""

    case: Case
    results: tuple[Compared, ...]
    earlier: tuple[Case, ...] = ()
    """The calls before it."""
    unsaid: tuple[str, ...] = ()
    """Options that are in force and not passed."""
    is_wrong: bool = True
    """Whether it is wrong by itself; else the law compares it with other calls."""
    called: Called | None = None
    """How the kernel is called, if not as its kind says."""


def witness(recorder: Recorder, bench: KernelBench) -> Witness | None:
    """Return the first call that is wrong by itself; else the last that was made."""
    cases = [case for case, _ in recorder.calls]
    called = own_face_of(bench.description)
    for number, (case, found) in enumerate(recorder.calls):
        results = tuple(_compared(case, found, bench))
        if not all(map(_holds, results)):
            earlier = tuple(cases[:number])
            return Witness(case, results, earlier, recorder.unsaid, called=called)
    if not cases:
        return None
    case, found = recorder.calls[-1]
    results = tuple(_compared(case, found, bench))
    return Witness(case, results, tuple(cases[:-1]), is_wrong=False, called=called)


def _compared(
    case: Case, found: Result | None, bench: KernelBench
) -> Iterator[Compared]:
    """Yield each result of a call beside what is right, as far as that is known."""
    try:
        with np.errstate(all="ignore"):
            exact = bench.judged(case)
    except (Inadmissible, KernelFault):
        return
    actual = None if found is None else found.output
    yield Compared(case.results[0][0], exact.output, exact.bound, actual)
    for name, _, _ in case.results[1:]:
        value, bound = exact.others[name]
        yield Compared(
            name, value, bound, None if found is None else found.others[name]
        )


def _holds(result: Compared) -> bool:
    if result.actual is None or result.actual.shape != result.expected.shape:
        return False
    return within(result.expected, result.actual, result.bound).holds


__all__ = ["Compared", "Recorder", "Witness", "witness"]
