"""A backward pass in float64, with query heads grouped by the key head they share.

Axes are those of the forward problem: ``(B, Hkv, G, L or 1, S or 1)``.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Self

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds.problem import Float64, Problem, grouped, prepare
from attnspec.kinds.attention.bounds.seen_keys import seen_keys
from attnspec.kinds.attention.case import OPTIONS, AttentionCase

_ROWS = ("d_output", "d_lse", "kept", "output", "lse")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """A problem, what is pulled back through it, and what the forward pass saved.

    `kept` is 1 where a weight is kept and 0 where it is dropped, and `multiplier`
    what a kept one is multiplied with. Without `output` and `lse` a backward pass
    has those of its own forward pass.
    """

    problem: Problem
    d_output: Float64
    d_lse: Float64
    kept: Float64 | None
    multiplier: float
    output: Float64 | None
    lse: Float64 | None
    unseen: float
    """The largest number in a value that no query sees; its product may overflow."""

    @classmethod
    def of(cls, case: Case, dialect: Dialect, *, saved: bool) -> Self:
        """Return the backward pass of a case; `saved` is whether it knows o and L."""
        forward = forward_case(case)
        problem, unseen = _without_unseen(prepare(forward, dialect, slice(None)))
        kept, multiplier = _dropout(case["kept"])
        if kept is not None and problem.sink is None:
            problem = _with_empty_sink(problem)
        heads = forward.sizes.Hkv
        whole = problem.query.shape[:4]

        def rows(name: str) -> Float64:
            array = np.asarray(case[name], np.float64)
            return array.reshape(*whole, *array.shape[3:])

        d_lse = np.zeros(whole) if case["d_lse"] is None else rows("d_lse")
        return cls(
            problem,
            rows("d_output"),
            d_lse,
            None if kept is None else grouped(kept, heads),
            multiplier,
            rows("output") if saved else None,
            rows("lse") if saved else None,
            unseen,
        )

    def heads(self, batch: slice, head: slice) -> Backward:
        """Return the part that some key heads serve."""
        arrays = self._arrays().items()
        parts = {
            n: a[batch if a.shape[0] > 1 else slice(None)][
                :, head if a.shape[1] > 1 else slice(None)
            ]
            for n, a in arrays
        }
        return dataclasses.replace(
            self, problem=self.problem.heads(batch, head), **parts
        )

    def rows(self, rows: slice) -> Backward:
        """Return the part that some queries make up."""
        parts = {
            n: a[:, :, :, rows if a.shape[3] > 1 else slice(None)]
            for n, a in self._arrays().items()
        }
        return dataclasses.replace(self, problem=self.problem.rows(rows), **parts)

    def _arrays(self) -> dict[str, Any]:
        """Return the arrays that have a row for each query."""
        found = {name: getattr(self, name) for name in _ROWS}
        return {name: array for name, array in found.items() if array is not None}


def forward_case(case: Case) -> AttentionCase:
    """Return the forward problem of a backward pass."""
    options = {name: case[name] for name in OPTIONS}
    return AttentionCase.of(case["query"], case["key"], case["value"], **options)


def _dropout(kept: Array | None) -> tuple[Float64 | None, float]:
    """Split a multiplier in what is kept, and the one number that is not 0."""
    if kept is None:
        return None, 1.0
    numbers = np.asarray(kept, np.float64)
    multiplier = float(numbers.max(initial=0.0)) or 1.0
    if not np.isin(numbers, (0.0, multiplier)).all():
        msg = "kept: expected 0 and one positive number, got others"
        raise InvalidArgument(msg)
    return np.where(numbers > 0, 1.0, 0.0), multiplier


def _with_empty_sink(problem: Problem) -> Problem:
    """Add a sink that takes nothing: what is dropped is, as it is, a key of value 0."""
    key_heads, group = problem.query.shape[1:3]
    row = np.zeros((*problem.value.shape[:3], 1, problem.value.shape[4]))
    return dataclasses.replace(
        problem,
        sink=np.full((1, key_heads, group, 1), -np.inf),
        value=np.concatenate([problem.value, row], axis=3),
    )


def _without_unseen(problem: Problem) -> tuple[Problem, float]:
    """Return the problem with 0 in keys and values that no query sees.

    The largest finite number of these values is the other.
    """
    seen = seen_keys(problem)
    if seen is None:
        return problem, 0.0
    keep = seen[:, :, None, :, None]
    value = problem.value.copy()
    known = value[:, :, :, : problem.keys]
    hidden = np.abs(np.where(keep, 0.0, known))
    unseen = float(hidden.max(initial=0.0, where=np.isfinite(hidden)))
    value[:, :, :, : problem.keys] = np.where(keep, known, 0.0)
    key = np.where(keep, problem.key, 0.0)
    return dataclasses.replace(problem, key=key, value=value), unseen


__all__ = ["Backward", "forward_case"]
