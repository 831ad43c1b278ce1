"""The calls of a run, and the numeric model that explains all of them."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible, InvalidArgument
from attnspec.judge.case import Case, Result
from attnspec.judge.compare import judged_results
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Exact
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.dtypes import numpy_dtype

MOST = 2_000
"""How many calls are kept, and"""
_LARGEST = 2**14
"""how many numbers one of them may have: small calls tell as much as large ones."""

_TRIED = 60
"""How many calls, those that are furthest off first, a model must explain at once."""


_WIDER = 4.0
"""How much wider a bound must be for an error of the wider model to show."""

_MUCH_WIDER = 64.0
_MANY = 6
"""How much wider the bounds of so many calls of one shape are, of which one is off."""

_SHARE = 0.1
"""The share of calls with wider bounds that must be off: a rounding is everywhere."""


Called = Iterable[tuple[Case, Result]]
"""Calls that returned, each with what came back."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    """A call that returned, and how far off it was, in units of its bound."""

    case: Case
    found: Result
    ratio: float
    bounds: tuple[float, ...]
    """The largest bound of each result."""


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """How far off the calls of a run are, and which model explains all of them."""

    calls: int
    worst: float
    """The largest error in units of the bound."""
    words: str = ""
    model: NumericModel | None = None


class Evidence:
    """The calls of a kernel in one format, right and wrong ones."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts: list[Called | Callable[[], Called]] = []
        self._own: list[tuple[Case, Result]] = []
        self._kept = 0

    def add(self, case: Case, found: Result) -> None:
        """Keep a call, if it is small and there is room."""
        numbers = sum(array.size for array in (*case.arrays().values(), found.output))
        if self._kept < MOST and numbers <= _LARGEST:
            self._kept += 1
            self._own.append((case, found))

    def part(self, calls: Called | Callable[[], Called]) -> None:
        """Keep the calls of a part of the run, or what makes them again if need be."""
        if not callable(calls):
            calls = list(itertools.islice(calls, MOST - self._kept))
            self._kept += len(calls)
        self._parts += [self._own, calls]
        self._own = []

    @property
    def calls(self) -> list[tuple[Case, Result]]:
        """The calls that are kept, in the order of the run's parts."""
        found: list[tuple[Case, Result]] = []
        for part in (*self._parts, self._own):
            if len(found) < MOST:
                found += part() if callable(part) else part
        return found[:MOST]

    def without(self, left_out: Callable[[Case], bool]) -> Evidence:
        """Return the evidence of all other calls."""
        others = Evidence()
        others.part([call for call in self.calls if not left_out(call[0])])
        return others

    def explanation(
        self, kind: Kind, dialect: Dialect, model: NumericModel
    ) -> Explanation:
        """Return how far off the calls are, and the tightest model that explains all.

        Parameters
        ----------
        kind, dialect, model
            What the kernel is, and what it is held to.

        Returns
        -------
        Explanation
            Without words if no call is wrong, or no relaxation explains all: then the
            error is no rounding. Nor does a model by which anything passes, or one
            whose roundings would show in many calls and do in few.
        """
        calls = list(_calls(_Judge(kind, dialect, model), self.calls))
        calls.sort(key=lambda call: -call.ratio)
        worst = calls[0].ratio if calls else 0.0
        if worst <= 1 or not math.isfinite(worst):
            return Explanation(len(calls), worst)
        found = []
        for words, relaxed in kind.relaxations(model):
            judge = _Judge(kind, dialect, relaxed)
            if judge.explains(calls[:_TRIED]):
                found.append((judge.width(calls[:_TRIED]), words, relaxed))
        for _, words, relaxed in sorted(found, key=lambda entry: entry[0]):
            judge = _Judge(kind, dialect, relaxed)
            if judge.explains(calls) and judge.is_seen(calls):
                return Explanation(len(calls), worst, words, relaxed)
        return Explanation(len(calls), worst)


@dataclasses.dataclass(frozen=True, slots=True)
class _Judge:
    """Judges calls by a numeric model."""

    kind: Kind
    dialect: Dialect
    model: NumericModel
    known: dict[int, Exact | None] = dataclasses.field(default_factory=dict)

    def exact(self, case: Case) -> Exact | None:
        """Return what is right for a case; None if the model promises nothing."""
        if id(case) not in self.known:
            self.known[id(case)] = self._exact(case)
        return self.known[id(case)]

    def _exact(self, case: Case) -> Exact | None:
        try:
            return self.kind.promised(case.problem, self.dialect, self.model)
        except (Inadmissible, InvalidArgument):
            return None

    def explains(self, calls: list[_Call]) -> bool:
        """Return whether every call is right by a model, and zeros would not be."""
        telling = False
        for call in calls:
            if (exact := self.exact(call.case)) is None:
                continue
            if not _is_of(self.model.output, call.found.output):
                return False
            compared = _compared(call.case, call.found, exact)
            if compared is None or not all(c.holds for c in compared):
                return False
            nothing = np.zeros_like(exact.output)
            excluded = not within(exact.output, nothing, exact.bound).holds
            telling = telling or (call.ratio > 1 and excluded)
        return telling

    def growth(self, call: _Call) -> float:
        """Return how much wider the bounds of a call are."""
        exact = self.exact(call.case)
        if exact is None:
            return 1.0
        pairs = zip(_bounds(call.case, exact), call.bounds, strict=True)
        return max((wide / own for wide, own in pairs if own > 0), default=1.0)

    def width(self, calls: list[_Call]) -> float:
        """Return how much wider bounds are, in the mean of logarithms."""
        logs = [math.log(max(1.0, self.growth(call))) for call in calls]
        return sum(logs) / max(1, len(logs))

    def is_seen(self, calls: list[_Call]) -> bool:
        """Return whether enough of the calls that should be off are off.

        A rounding shows at most sizes: of many calls of one shape whose bounds are
        much wider some must be off.
        """
        grown = [(self.growth(call), call) for call in calls]
        wider = [call for growth, call in grown if growth >= _WIDER]
        off = sum(call.ratio > 1 for call in wider)
        shapes: dict[Any, list[bool]] = {}
        for growth, call in grown:
            if growth >= _MUCH_WIDER:
                shapes.setdefault(_shape(call.case), []).append(call.ratio > 1)
        told = [any(seen) for seen in shapes.values() if len(seen) >= _MANY]
        at_most_sizes = 2 * sum(told) >= len(told)
        return at_most_sizes and (not wider or off >= _SHARE * len(wider))


def _shape(case: Case) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of the arrays of a call."""
    return tuple(array.shape for array in case.arrays().values())


def _is_of(name: str, output: Array) -> bool:
    """Return whether a format holds every number: what is stored in it is one of it."""
    if output.dtype.kind in "biu":
        return True
    with np.errstate(all="ignore"):
        stored = output.astype(numpy_dtype(name)).astype(output.dtype)
    return bool(np.array_equal(stored, output, equal_nan=True))


def _calls(judge: _Judge, known: list[tuple[Case, Result]]) -> Iterator[_Call]:
    """Yield the calls of which a model says something, each with its error."""
    for case, found in known:
        if (exact := judge.exact(case)) is None:
            continue
        if compared := _compared(case, found, exact):
            ratio = max(c.ratio for c in compared)
            yield _Call(case, found, ratio, _bounds(case, exact))


def _bounds(case: Case, exact: Exact) -> tuple[float, ...]:
    """Return the largest bound of each result."""
    others = (exact.others[name][1] for name, _, _ in case.results[1:])
    return tuple(float(np.max(b, initial=0.0)) for b in (exact.bound, *others))


def _compared(case: Case, found: Result, exact: Exact) -> list[Comparison] | None:
    """Return how the results of a call compare with what is right, if they can."""
    try:
        with np.errstate(all="ignore"):
            return list(judged_results(case, found, exact))
    except InvalidArgument:
        return None


__all__ = ["MOST", "Called", "Evidence", "Explanation"]
