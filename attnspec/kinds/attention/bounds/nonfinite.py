r"""NaN and infinities in what a query sees: which results they decide.

A NaN among the operands of a sum, a product or an exponential makes it NaN in
whatever order they come. So a row with a NaN score is NaN, and so is an element
whose column has a NaN with a weight. Infinities decide less: one formula gives a
number, an infinity or NaN as its operations are arranged. What they decide is

* a score of minus infinity, if every infinite term of its product is one: the
  weight is 0;
* an infinite value with a weight that no format of the model rounds to 0: the
  element is that infinity, or NaN where two of unlike sign meet.

The rest is left open: a score that is plus infinity or inf - inf, a row in which no
score is finite, an infinity in a product that goes through a softcap or whose other
factor may have been rounded to 0, a value that is not finite and may have a weight
of 0. What a row does not see is open unless the dialect promises that it is clean.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds import bounds
from attnspec.kinds.attention.bounds.ground import Ground
from attnspec.kinds.attention.bounds.problem import (
    Bool,
    Float64,
    Problem,
    visible_keys,
)
from attnspec.kinds.attention.bounds.rates import Rates
from attnspec.kinds.attention.bounds.scores import (
    bent,
    products,
    scores,
    visibility,
    weighted_sum,
)

_LEAST = 2.0**-14
"""The least normal number of float16: a smaller factor may be rounded to 0."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What NaN and infinities decide, by element (B, Hkv, G, L, Ev) and by row.

    A row that is NaN or open is so in all its elements and in its logsumexp.
    """

    row_nan: Bool
    row_open: Bool
    nan: Bool
    up: Bool
    down: Bool
    open: Bool


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Spoiled:
    """A problem with NaN or infinities, and what is left of it without them.

    `nan`, `down` and `open` mark the scores (B, Hkv, G, L, S) that are NaN, minus
    infinity, or left open by infinities; `seen` those that their row sees.
    """

    whole: Problem
    finite: Problem
    nan: Bool
    down: Bool
    open: Bool
    seen: Bool

    @classmethod
    def of(cls, problem: Problem) -> Spoiled | None:
        """Take a problem apart; None if all of it is finite.

        A bias of minus infinity is a mask, and no number that is not finite.
        """
        given = {n: getattr(problem, n) for n in ("query", "key", "value", "bias")}
        bad = {n: ~np.isfinite(a) for n, a in given.items() if a is not None}
        if problem.bias is not None:
            bad["bias"] &= problem.bias != -np.inf
        changes: dict[str, Any] = {
            n: np.where(b, 0, given[n]) for n, b in bad.items() if b.any()
        }
        if not changes:
            return None
        shape = (*problem.query.shape[:4], problem.keys)
        keep = visible_keys(problem)
        nan, infinite, down = _marked_scores(problem)
        return cls(
            problem,
            dataclasses.replace(
                problem,
                mask=~down if problem.mask is None else problem.mask & ~down,
                **changes,
            ),
            np.broadcast_to(nan, shape),
            down,
            infinite & ~down & ~nan,
            np.broadcast_to(True if keep is None else keep, shape),
        )

    def marks(
        self, dialect: Dialect, ground: Ground | None, rates: Rates | None
    ) -> Marks:
        """Return what is decided, and what is left open."""
        row_nan = _any(self.seen & self.nan)
        value = self.whole.value[:, :, :, : self.whole.keys]
        sure, doubtful = self._weights(dialect, ground, rates)
        return Marks(
            row_nan,
            self._open_rows(dialect) & ~row_nan,
            _meets(sure, np.isnan(value)),
            _meets(sure, value == np.inf),
            _meets(sure, value == -np.inf),
            _meets(doubtful, ~np.isfinite(value)),
        )

    def _open_rows(self, dialect: Dialect) -> Bool:
        """Return the rows (B, Hkv, G, L) whose scores leave them open."""
        undecided = self.seen & self.open
        if dialect["nan_masked_key"] != "clean":
            undecided |= ~self.seen & (self.nan | self.down | self.open)
        gone = _any(self.seen) & ~_any(self.seen & ~self.down)
        if self.whole.sink is not None:
            gone &= self.whole.sink == -np.inf
        return _any(undecided) | gone

    def _weights(
        self, dialect: Dialect, ground: Ground | None, rates: Rates | None
    ) -> tuple[Bool, Bool]:
        """Return where a value has a weight for sure, and where it may count or not."""
        keep = visibility(self.whole).keep
        counted = self.seen if keep is None else keep[..., : self.whole.keys]
        counted = np.broadcast_to(counted, self.seen.shape)
        sure = counted & ~self.down & self._above_zero(ground, rates)
        doubtful = counted & ~sure
        some = counted.any((2, 3), keepdims=True)
        if dialect["nan_zero_weight"] != "clean":
            doubtful |= ~counted & some
        if dialect["nan_masked_value"] != "clean":
            doubtful |= ~counted & ~some
        return sure, doubtful

    def _above_zero(self, ground: Ground | None, rates: Rates | None) -> Bool:
        """Return which weights no format of the model rounds to 0.

        A computed weight is at least p exp(-2 max E), and e is to spare for the
        exponential and all rescalings, whose relative errors are far below it.
        """
        problem = self.finite
        seen = visibility(problem)
        scaled = products(problem)
        magnitude = np.abs(scaled)
        capped = bent(problem, scaled, magnitude)
        values = scores(problem, scaled, seen)
        least, spare = math.log(5e-324), 0.0 * values[..., :1]
        if ground is not None and rates is not None:
            size, capped = (a.astype(ground.real) for a in (magnitude, capped))
            error = bounds.score_error(
                problem, ground, rates, size, capped, values, seen
            )
            spare = 1.0 + 2.0 * error.max(-1, keepdims=True, initial=0.0)
            model = rates.model
            formats = {model.softmax, model.accumulator, model.weights or "float64"}
            least = math.log(max(model.tiny(name) for name in formats))
        largest = values.max(-1, keepdims=True, initial=-np.inf)
        shifted = values - np.where(np.isfinite(largest), largest, 0.0)
        total = np.log(np.exp(shifted).sum(-1, keepdims=True))
        found: Bool = shifted - total - spare > least
        return found[..., : problem.keys]


def _any(marked: Array) -> Bool:
    """Return whether anything along the last axis is marked."""
    return np.asarray(marked.any(-1))


def _meets(weights: Bool, value: Bool) -> Bool:
    """Return the elements to which a marked value comes with a marked weight."""
    found: Bool = weighted_sum(weights * 1.0, value * 1.0) > 0
    return found


def _marked_scores(problem: Problem) -> tuple[Bool, Bool, Bool]:
    """Return which scores have a NaN, an infinity, and which are -inf for sure."""
    query, key = problem.query, problem.key[:, :, :, None]
    nan = _any(np.isnan(query))[..., None] | _any(np.isnan(key))
    terms, falling = _infinite_terms(problem)
    infinite = terms > 0
    down = infinite & (falling == terms)
    if problem.softcap is not None:
        down &= False
    if problem.bias is not None:
        nan = nan | np.isnan(problem.bias)
        infinite = infinite | (problem.bias == np.inf)
        down = down & (problem.bias != np.inf)
    return nan, infinite, down & ~nan


def _infinite_terms(problem: Problem) -> tuple[Float64, Float64]:
    """Count the infinite terms of each product, and those that are minus infinity.

    A factor counts that no format rounds to 0, before or after the scale.
    """
    size = abs(problem.scale)
    least = _LEAST / min(1.0, size) if size else np.inf
    sign = math.copysign(1.0, problem.scale)
    query, key = problem.query * sign, problem.key[:, :, 0].swapaxes(-1, -2)

    def pairs(left: Array, right: Array) -> Float64:
        batch, heads, group, queries, width = query.shape
        rows = (left * 1.0).reshape(batch, heads, group * queries, width)
        return (rows @ (right * 1.0)).reshape(*query.shape[:4], problem.keys)

    def opposed(left: Array, right: Array) -> Float64:
        """Count the pairs of unlike sign."""
        return pairs(left >= least, right <= -least) + pairs(
            left <= -least, right >= least
        )

    here, there = np.isfinite(query), np.isfinite(key)
    terms = query.shape[-1] - pairs(here, there)
    both = opposed(np.where(here, query, 0.0), np.where(there, key, 0.0))
    return terms, opposed(query, key) - both


__all__ = ["Marks", "Spoiled"]
