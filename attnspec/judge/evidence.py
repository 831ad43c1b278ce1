"""The calls of a run, and the numeric model that explains all of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from attnspec.exceptions import Inadmissible, InvalidArgument
from attnspec.judge.case import Case, Result
from attnspec.judge.compare import judged_results
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Exact
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.formats import format_of

_MOST = 2_000
"""How many calls are kept, and"""
_LARGEST = 2**14
"""how many numbers one of them may have: small calls tell as much as large ones."""

_TRIED = 60
"""How many calls, those that are furthest off first, a model must explain at once."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Call:
    """A call that returned, and how far off it was, in units of its bound."""

    case: Case
    found: Result
    ratio: float
    size: float
    """The largest bound."""


class Evidence:
    """The calls of a kernel in one format, right and wrong ones."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls: list[tuple[Case, Result]] = []

    def add(self, case: Case, found: Result) -> None:
        """Keep a call, if it is small and there is room."""
        numbers = sum(array.size for array in (*case.arrays().values(), found.output))
        if len(self._calls) < _MOST and numbers <= _LARGEST:
            self._calls.append((case, found))

    def explained(
        self, kind: Kind, dialect: Dialect, model: NumericModel
    ) -> tuple[str, NumericModel] | None:
        """Return the tightest relaxation of a model that explains every call.

        Parameters
        ----------
        kind, dialect, model
            What the kernel is, and what it is held to.

        Returns
        -------
        tuple of (str, NumericModel) or None
            None if no call is wrong, or no relaxation explains all: then the error
            is no rounding. A model by which anything passes explains nothing.
        """
        judged = _Judged(kind, dialect)
        calls = sorted(judged.calls(self._calls, model), key=lambda c: -c.ratio)
        worst = calls[0].ratio if calls else 0.0
        if worst <= 1 or not math.isfinite(worst):
            return None
        found = [
            (judged.width(relaxed, calls[:_TRIED]), words, relaxed)
            for words, relaxed in kind.relaxations(model)
            if worst <= _reach(relaxed, model)
            and judged.explains(relaxed, calls[:_TRIED])
        ]
        for _, words, relaxed in sorted(found, key=lambda entry: entry[0]):
            if judged.explains(relaxed, calls):
                return words, relaxed
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class _Judged:
    """Calls before numeric models."""

    kind: Kind
    dialect: Dialect

    def calls(
        self, known: list[tuple[Case, Result]], model: NumericModel
    ) -> Iterator[_Call]:
        """Yield the calls of which a model says something, each with its error."""
        for case, found in known:
            if (exact := self._exact(case, model)) is None:
                continue
            if (comparisons := _compared(case, found, exact)) is not None:
                ratio = max(c.ratio for c in comparisons)
                size = float(np.max(exact.bound, initial=0.0))
                yield _Call(case, found, ratio, size)

    def explains(self, model: NumericModel, calls: list[_Call]) -> bool:
        """Return whether every call is right by a model that not anything satisfies."""
        telling = False
        for call in calls:
            if (exact := self._exact(call.case, model)) is None:
                continue
            comparisons = _compared(call.case, call.found, exact)
            if comparisons is None or not all(c.holds for c in comparisons):
                return False
            nothing = np.zeros_like(exact.output)
            telling |= (
                call.ratio > 1 and not within(exact.output, nothing, exact.bound).holds
            )
        return telling

    def width(self, model: NumericModel, calls: list[_Call]) -> float:
        """Return how much wider its bounds are, in the mean of logarithms."""
        logs = []
        for call in calls:
            exact = self._exact(call.case, model)
            if exact is not None and call.size > 0:
                wide = float(np.max(exact.bound, initial=0.0))
                logs.append(math.log(max(wide, call.size) / call.size))
        return sum(logs) / max(1, len(logs))

    def _exact(self, case: Case, model: NumericModel) -> Exact | None:
        try:
            exact = self.kind.judge(case.problem, self.dialect, model)
        except (Inadmissible, InvalidArgument):
            return None
        return None if np.isnan(exact.bound).any() else exact


def _compared(case: Case, found: Result, exact: Exact) -> list[Comparison] | None:
    """Return how the results of a call compare with what is right, if they can."""
    try:
        with np.errstate(all="ignore"):
            return list(judged_results(case, found, exact))
    except InvalidArgument:
        return None


def _reach(relaxed: NumericModel, model: NumericModel) -> float:
    """Return how many bounds an error may have that a coarser format explains.

    A bound grows as the unit does. Where it grows much more than that, it is the
    higher orders of a format that is too coarse to tell anything.
    """
    new = set(relaxed.formats) - set(model.formats)
    if not new:
        return math.inf
    finest = min(format_of(name).unit for name in model.formats)
    return 2.0 * max(format_of(name).unit for name in new) / finest


__all__ = ["Evidence"]
