"""The exact value of a case, and how far a kernel may lie from it.

It is attention in float64 by blocks of queries; no (L, S) matrix is held. A
small case is one block; a large one is cut into groups of heads, and these are spread
over threads.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds.block import EMPTY_LSE, block
from attnspec.kinds.attention.bounds.freed import keep_freed
from attnspec.kinds.attention.bounds.ground import Ground, ground
from attnspec.kinds.attention.bounds.nonfinite import Spoiled
from attnspec.kinds.attention.bounds.problem import Bool, Float64, Problem, prepare
from attnspec.kinds.attention.bounds.rates import Rates, rates
from attnspec.kinds.attention.bounds.seen_keys import blocks, head_groups, seen_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics.models import NumericModel

SMALL = 2**16
"""Cases with at most this many scores are evaluated in one block."""
SINGLE = 2**13
"""Cases with more scores than this have their bounds computed in float32."""
TAME = 2.0**50
"""Numbers up to here have products that float32 holds."""


_CORES = os.cpu_count() or 1


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The exact result of a case, and bounds if a model was given.

    Parameters
    ----------
    output
        (B, Hq, L, Ev) float64.
    lse
        (B, Hq, L) float64. For an empty row whose logsumexp is ``finite`` in
        the dialect it is -10,000, to be compared as a class.
    output_bound, lse_bound
        The largest errors that the model allows, or None.
    visible
        (B, Hq, L): how many keys each query sees.
    rows
        The queries that were evaluated.
    left_open, lse_left_open
        Where NaN or infinities decide nothing: any result is right there. None
        if there is no such place.
    """

    output: Float64
    lse: Float64
    output_bound: Float64 | None
    lse_bound: Float64 | None
    visible: npt.NDArray[np.int_]
    rows: slice
    left_open: Bool | None = None
    lse_left_open: Bool | None = None

    @property
    def bound(self) -> Float64:
        """The bound on the output; an error if no model was given."""
        if self.output_bound is None:
            msg = "evaluation without a model, and so without a bound"
            raise TypeError(msg)
        return self.output_bound

    @property
    def others(self) -> dict[str, tuple[Float64, Float64]]:
        """The logsumexp with its bound; without a model there is none."""
        bound = self.lse_bound
        unknown = np.broadcast_to(np.inf, self.lse.shape)
        return {"lse": (self.lse, unknown if bound is None else bound)}


def evaluate(
    case: AttentionCase,
    dialect: Dialect | None = None,
    model: NumericModel | None = None,
    *,
    rows: slice | None = None,
    threads: int | None = None,
) -> Evaluation:
    """Return the exact output and logsumexp of a case, with bounds for a model.

    Parameters
    ----------
    case
        The problem: query (B, Hq, L, E), key (B, Hkv, S, E), value
        (B, Hkv, S, Ev) and options.
    dialect
        The choices that fix alignment and the value of empty rows.
    model
        How the kernel computes; without one there are no bounds.
    rows
        The queries to evaluate; all by default.
    threads
        How many threads share the heads of a large case; as many as there are
        processors by default.

    Returns
    -------
    Evaluation

    Raises
    ------
    InvalidArgument
        If query heads cannot be divided among key heads, or `threads` < 1.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones((1, 1, 1, 2), np.float32)
    >>> evaluate(AttentionCase.of(one, one, 3 * one)).output
    array([[[[3., 3.]]]])
    """
    keep_freed()
    dialect = {**SPEC, **(dialect or {})}
    rows = slice(None) if rows is None else rows
    problem = prepare(case, dialect, rows)
    result = _allocate(problem, case, rows, has_bound=model is not None)
    if not problem.value.shape[3]:
        result.output[:] = np.nan if dialect["empty_keys"] == "nan" else 0.0
        result.lse[:] = EMPTY_LSE[dialect["empty_lse"]]
    elif result.lse.size:
        with np.errstate(all="ignore"):
            spoiled = Spoiled.of(problem)
            if spoiled is not None:
                problem = spoiled.finite
            work = _Work.of(problem, dialect, model, result)
            work.run(_workers(threads))
            if spoiled is not None:
                return work.marked(result, spoiled)
    return result


def _workers(threads: int | None) -> int:
    """Return the number of threads to use."""
    if threads is not None and threads < 1:
        msg = f"threads: expected at least 1, got {threads}"
        raise InvalidArgument(msg)
    return threads or _CORES


def _allocate(
    problem: Problem, case: AttentionCase, rows: slice, *, has_bound: bool
) -> Evaluation:
    """Return an evaluation to be filled in."""
    batch, heads = case.query.shape[:2]
    shape = (batch, heads, problem.queries)
    whole = (*shape, case.value.shape[3])
    return Evaluation(
        output=np.zeros(whole),
        lse=np.zeros(shape),
        output_bound=np.zeros(whole) if has_bound else None,
        lse_bound=np.zeros(shape) if has_bound else None,
        visible=np.zeros(shape, np.int_),
        rows=rows,
    )


@dataclasses.dataclass(slots=True, eq=False)
class _Work:
    """A problem, how it is bounded, and the arrays to fill."""

    problem: Problem
    dialect: Dialect
    rates: Rates | None
    real: type[np.floating[Any]]
    target: dict[str, Array]

    @classmethod
    def of(
        cls,
        problem: Problem,
        dialect: Dialect,
        model: NumericModel | None,
        result: Evaluation,
    ) -> _Work:
        """Regroup the arrays of a result by key head, as views."""
        own = None
        if model is not None:
            width, keys = problem.query.shape[-1], problem.value.shape[3]
            own = rates(model, width, keys, problem.scale)
        target = {
            name: array.reshape(problem.query.shape[:4] + array.shape[3:])
            for name in _FIELDS
            if (array := getattr(result, name)) is not None
        }
        return cls(problem, dialect, own, _precision(problem, own), target)

    def run(self, threads: int) -> None:
        """Fill the target, in one block or by blocks over threads."""
        size = self.target["lse"].size * self.problem.value.shape[3]
        if size <= SMALL:
            with _single_blas() if size > SINGLE else contextlib.nullcontext():
                own = self._ground(self.problem)
                self._block(self.problem, own, _WHOLE, slice(None))
            return
        with _single_blas(), ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._heads, head_groups(self.problem)))

    def _heads(self, where: tuple[slice, slice]) -> None:
        """Fill what some key heads serve, block by block."""
        problem = self.problem.heads(*where)
        with np.errstate(all="ignore"):  # This state belongs to the thread.
            own = self._ground(problem)
            for rows in blocks(problem):
                self._block(problem.rows(rows), own, where, rows)

    def _ground(self, problem: Problem) -> Ground | None:
        """Prepare keys and values for the bounds, if there are any."""
        if self.rates is None:
            return None
        return ground(problem, seen_keys(problem), self.real, self.rates.model)

    def marked(self, result: Evaluation, spoiled: Spoiled) -> Evaluation:
        """Return the result with what NaN and infinities decide."""
        marks = spoiled.marks(self.dialect, self._ground(self.problem), self.rates)
        output, lse = self.target["output"], self.target["lse"]
        output[marks.up] = np.inf
        output[marks.down] = -np.inf
        output[marks.nan | (marks.up & marks.down)] = np.nan
        output[marks.row_nan] = lse[marks.row_nan] = np.nan
        if self.rates is not None:
            self.target["output_bound"][~np.isfinite(output)] = 0.0
            self.target["lse_bound"][~np.isfinite(lse)] = 0.0
        self.target["visible"][...] = np.count_nonzero(spoiled.seen, axis=-1)
        elements = marks.row_open[..., None] | (marks.open & ~np.isnan(output))
        return dataclasses.replace(
            result,
            left_open=elements.reshape(result.output.shape),
            lse_left_open=marks.row_open.reshape(result.lse.shape),
        )

    def _block(
        self,
        problem: Problem,
        own: Ground | None,
        heads: tuple[slice, slice],
        rows: slice,
    ) -> None:
        """Evaluate one block into its place."""
        done = block(problem, self.dialect, own, self.rates)
        for name, target in self.target.items():
            target[(*heads, slice(None), rows)] = getattr(done, name)


_WHOLE = (slice(None), slice(None))
_FIELDS = ("output", "lse", "visible", "output_bound", "lse_bound")


@functools.cache
def _controller() -> ThreadpoolController:
    """Find the libraries once: it takes longer than a small case."""
    return ThreadpoolController()


def _single_blas() -> contextlib.AbstractContextManager[Any]:
    """Hold matrix products to the thread that asks for them."""
    limit: contextlib.AbstractContextManager[Any]
    limit = _controller().limit(limits=1, user_api="blas")
    return limit


def _precision(problem: Problem, own: Rates | None) -> type[np.floating[Any]]:
    """Choose the format in which the bounds are computed."""
    scores = math.prod(problem.query.shape[:4]) * problem.value.shape[3]
    if own is None or scores <= SINGLE:
        return np.float64
    parts: list[Array] = [problem.query, problem.key, np.array(problem.scale)]
    if problem.bias is not None:
        parts.append(np.where(problem.bias == -np.inf, 0.0, problem.bias))
    is_tame = all(float(np.max(np.abs(part), initial=0.0)) <= TAME for part in parts)
    return np.float32 if is_tame else np.float64


__all__ = ["Evaluation", "evaluate"]
