"""The exact gradients of a case, and how far a backward pass may lie from them.

All gradients and their bounds come out of one pass over blocks of queries; no
(L, S) matrix is held.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds.freed import keep_freed
from attnspec.kinds.attention.bounds.problem import Float64
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.problem import Backward
from attnspec.kinds.attention.gradients.work import Work
from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class GradientEvaluation:
    """The exact gradients by name, each with its bound.

    `largest` is for each format the largest number that is rounded to it.
    """

    gradients: dict[str, tuple[Float64, Float64]]
    largest: dict[str, float]

    @property
    def output(self) -> Float64:
        """The gradient of the query."""
        return self.gradients["dq"][0]

    @property
    def bound(self) -> Float64:
        """The bound on the gradient of the query."""
        return self.gradients["dq"][1]

    @property
    def others(self) -> dict[str, tuple[Float64, Float64]]:
        """The other gradients."""
        return {n: found for n, found in self.gradients.items() if n != "dq"}

    @property
    def overflow(self) -> str | None:
        """Say which number may overflow its format."""
        for name, value in self.largest.items():
            # A rounding or two may lift anything.
            maximum = format_of(name).maximum * (1 - 2.0**-6)
            if not value < maximum:
                limit = f"less than {maximum:.3g} ({name})"
                return f"gradients: expected {limit}, got {value:.2g}"
        return None


def evaluate_gradients(
    case: Case,
    dialect: Dialect | None,
    model: NumericModel,
    *,
    saved: bool | None = None,
    rows: int | None = None,
) -> GradientEvaluation:
    """Return the exact gradients of a case, with the bounds of a numeric model.

    Parameters
    ----------
    case
        ``query``, ``key``, ``value`` and ``d_output``, and what else a backward pass
        is given; ``output`` and ``lse`` if they were saved.
    dialect
        The choices that fix alignment and the value of empty rows.
    model
        How the function computes.
    saved
        Whether output and logsumexp of the case are what the function knows: it is
        then judged as a function of them. By default, whether the case has them.
    rows
        How many rows the gradient of a sink sums, where the case is a part of a call.

    Raises
    ------
    InvalidArgument
        If query heads cannot be divided among key heads, or `kept` has two numbers
        beside 0.
    """
    keep_freed()
    dialect = {**SPEC, **(dialect or {})}
    known = case["output"] is not None if saved is None else saved
    backward = Backward.of(case, dialect, saved=known)
    with np.errstate(all="ignore"):
        work = Work.of(backward, model, rows)
        if backward.problem.value.shape[3] and backward.d_output.size:
            work.run()
        return GradientEvaluation(work.result(case), work.largest)


__all__ = ["GradientEvaluation", "evaluate_gradients"]
