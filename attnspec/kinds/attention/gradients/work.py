"""One pass over blocks of queries, and what it sums up on its way."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.attention.bounds.ground import Ground, ground
from attnspec.kinds.attention.bounds.problem import Float64, Problem
from attnspec.kinds.attention.bounds.rates import Rates, gamma, rates
from attnspec.kinds.attention.bounds.seen_keys import blocks, head_groups
from attnspec.kinds.attention.gradients.errors import (
    ScoreGradients,
    kept_format,
    score_gradients,
)
from attnspec.kinds.attention.gradients.forward import Forward, forward
from attnspec.kinds.attention.gradients.problem import Backward
from attnspec.kinds.attention.gradients.sums import (
    Total,
    adding,
    by_key,
    by_row,
    finished,
    folded,
    operand_rate,
    over_heads,
    rounded,
    stored_partials,
)
from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel

BLOCK = 2**16
"""About how many scores a block has: more save no time, and take memory."""

LEAST = 32
"""The queries that a block has, however many the keys are."""

SLACK = 1 + 2.0**-20
"""Covers the roundings of the evaluation itself."""

OPERANDS = {
    "dq": "query",
    "dk": "key",
    "dv": "value",
    "dbias": "bias",
    "dsink": "sink",
}
"""What each gradient is that of."""


@dataclasses.dataclass(slots=True, eq=False)
class Work:
    """A backward pass, how it is bounded, and what is summed up."""

    backward: Backward
    rates: Rates
    dq: tuple[Float64, Float64]
    dk: Total
    dv: Total
    dbias: Total
    dsink: Total
    largest: dict[str, float]
    rows: int
    """How many rows the gradient of a sink sums."""

    @classmethod
    def of(
        cls, backward: Backward, model: NumericModel, rows: int | None = None
    ) -> Work:
        """Begin with zeros."""
        problem = backward.problem
        batch, heads, group, _, width = problem.query.shape
        columns = problem.value.shape[3]
        own = rates(model, width, columns, problem.scale)
        shape = (batch, heads, group, problem.keys)
        bias = (1,) * 5 if problem.bias is None else problem.bias.shape
        return cls(
            backward,
            own,
            (np.zeros(problem.query.shape), np.zeros(problem.query.shape)),
            Total.zeros((*shape, width)),
            Total.zeros((*shape, problem.value.shape[4])),
            Total.zeros(bias),
            Total.zeros((batch, heads, group, 1)),
            {},
            batch * problem.queries if rows is None else rows,
        )

    def run(self) -> None:
        """Go over groups of heads, and over blocks of their queries."""
        for where in head_groups(self.backward.problem):
            part = self.backward.heads(*where)
            own = ground(part.problem, None, np.float64, self.rates.model)
            sums = self.dk.part(*where), self.dv.part(*where)
            for rows in self._blocks(part):
                self._block(part.rows(rows), own, sums, (*where, rows))
            for total, added in zip((self.dk, self.dv), sums, strict=True):
                total.stores = added.stores

    def _blocks(self, part: Backward) -> Iterator[slice]:
        """Yield blocks of queries: of whole tiles, where sums are stored by tiles."""
        found = blocks(part.problem)
        batch, heads, group = part.problem.query.shape[:3]
        scores = max(1, batch * heads * group * part.problem.keys)
        step = min((found[0].stop if found else 1) or 1, max(LEAST, BLOCK // scores))
        if self.rates.model.stored_gradients:
            step = -(-step // self._tile) * self._tile
        for start in range(0, part.problem.queries, step):
            yield slice(start, start + step)

    @property
    def _tile(self) -> int:
        return self.rates.model.query_block

    def _block(
        self,
        part: Backward,
        own: Ground,
        sums: tuple[Total, Total],
        where: tuple[slice, slice, slice],
    ) -> None:
        """Add what some queries of some heads ask of all operands."""
        known = forward(part, own, self.rates)
        found = score_gradients(part, known, self.rates)
        self._note(self.rates.model.softmax, found.largest)
        self._note(kept_format(part, self.rates), found.formed)
        self._note(self.rates.model.weights, float(np.max(found.size, initial=0.0)))
        place = (*where[:2], slice(None), where[2])
        for array, value in zip(self.dq, self._of_query(part, found), strict=True):
            array[place] = value
        self._add_keys(part, found, sums[0])
        self._add_values(part, known, found, sums[1])
        if part.problem.bias is not None:
            is_last = part.problem.softcap_is_last
            given = (found.dx, found.whole) if is_last else (found.ds, found.ds_error)
            self._add_bias(given, where)
        if part.problem.sink is not None:
            self._add_sink(part, known, found, where[:2])

    def _note(self, name: str | None, size: float) -> None:
        """Remember the largest number that is rounded to a format; NaN stays."""
        if name is not None:
            self.largest[name] = float(np.maximum(size, self.largest.get(name, 0.0)))

    def _of_query(
        self, part: Backward, found: ScoreGradients
    ) -> tuple[Float64, Float64]:
        """Return the gradient of queries and its bound.

        The errors that are common to a row count by the sum of what they multiply,
        and not by the sum of its magnitudes.
        """
        problem, scale = part.problem, abs(part.problem.scale)
        value = problem.scale * by_row(found.dx, problem.key)
        is_bent = problem.softcap is not None
        weighed = found.slope * found.weights if is_bent else found.weights
        mean = np.abs(by_row(weighed, problem.key))
        common = found.common[..., None]
        each = found.own + self._rate(problem.keys) * found.size
        error = scale * by_row(each, np.abs(problem.key)) + common * np.abs(value)
        error += scale * (found.delta_error * (1 + found.common))[..., None] * mean
        total = Total(value, error, np.zeros_like(value))
        if self.rates.model.stored_gradients:
            total.partial, total.stores = stored_partials(
                problem.scale * found.dx, problem.key, self.rates.model.block
            )
        error = finished(total, problem.keys, self.rates)
        return value, rounded(value, error, self.rates)

    def _add_keys(self, part: Backward, found: ScoreGradients, total: Total) -> None:
        """Add to the gradient of keys."""
        problem, scale = part.problem, abs(part.problem.scale)
        total.add(found.dx, problem.scale * problem.query, self._stored_tile)
        each = found.whole + self._rate(self.backward.problem.queries) * found.size
        total.error += scale * by_key(each, np.abs(problem.query))

    def _rate(self, terms: int) -> float:
        """Return the relative error of a product that is one of so many in a sum."""
        return operand_rate(self.rates) + adding(terms, self.rates)

    def _add_values(
        self, part: Backward, known: Forward, found: ScoreGradients, total: Total
    ) -> None:
        """Add to the gradient of values."""
        own, model = self.rates, self.rates.model
        terms = self.backward.problem.queries
        rate = (own.value + adding(terms, own)) * (1 + own.weight) + own.weight
        error = known.p + found.gained
        error *= rate
        error += found.gained
        error += model.tiny(model.softmax)
        if model.weights:
            error += model.operand_unit * model.tiny(model.weights)
        np.copyto(error, 0.0, where=~known.reads)
        share = known.p
        if part.kept is not None:
            keep = part.kept * part.multiplier
            share, error = keep * share, keep * error
        total.add(share, part.d_output, self._stored_tile)
        total.error += by_key(error, np.abs(part.d_output))

    @property
    def _stored_tile(self) -> int | None:
        return self._tile if self.rates.model.stored_gradients else None

    def _add_bias(
        self, given: tuple[Float64, Float64], where: tuple[slice, slice, slice]
    ) -> None:
        """Add to the gradient of the bias, along the axes of which it has none.

        It is that of the scores, or, where the softcap is last, of what this bends.
        """
        total, (batch, head, rows) = self.dbias, where
        shape = total.value.shape
        cuts = (batch, head, slice(None), rows, slice(None))
        place = tuple(
            cut if length > 1 else slice(None)
            for cut, length in zip(cuts, shape, strict=True)
        )
        gradient, error = given
        if self.rates.stored:
            error = error + self.rates.weight * (np.abs(gradient) + error)
        rate = gamma(_terms(self.backward.problem, total), self.rates.unit)
        error = error + rate * (np.abs(gradient) + error)
        for array, more in ((total.value, gradient), (total.error, error)):
            array[place] += folded(more, array[place])

    def _add_sink(
        self,
        part: Backward,
        known: Forward,
        found: ScoreGradients,
        where: tuple[slice, slice],
    ) -> None:
        """Add to the gradient of the sink: its share times delta."""
        unit, share = self.rates.unit, known.p_sink
        if part.lse is not None:
            sink: Any = part.problem.sink
            share = np.where(np.isfinite(sink), np.exp(sink - known.lse), 0.0)
        rest, off = np.abs(found.delta), found.delta_error
        error = np.expm1(known.sink_error) * (rest + off) + off + 2 * unit * rest
        error += gamma(self.rows + 2, unit) * (rest + error)
        for array, more in (
            (self.dsink.value, -share * found.delta),
            (self.dsink.error, share * error),
        ):
            array[where] += more.sum(axis=-1, keepdims=True)

    def result(self, case: Case) -> dict[str, tuple[Float64, Float64]]:
        """Round what was summed up, and give it the shapes of the operands."""
        problem, own = self.backward.problem, self.rates
        found = {"dq": self.dq}
        for name, total in (("dk", self.dk), ("dv", self.dv)):
            error = finished(total, problem.queries, own)
            found[name] = over_heads(total, error, own)
        if case["bias"] is not None:
            found["dbias"] = self._summed(
                self.dbias, _terms(problem, self.dbias), case["bias"]
            )
        if case["sink"] is not None:
            value, error = (a.sum(axis=0) for a in (self.dsink.value, self.dsink.error))
            total = Total(value, error, value)
            found["dsink"] = self._summed(total, self.rows + 2, case["sink"])
        shapes = {name: case[OPERANDS[name]].shape for name in found}
        factor = (2.0 if own.is_double else 1.0) * SLACK
        gradients = {
            name: (value.reshape(shapes[name]), error.reshape(shapes[name]) * factor)
            for name, (value, error) in found.items()
        }
        for value, error in gradients.values():
            size = float(np.max(np.abs(value) + error, initial=0.0))
            self._note(own.model.output, size)
            self._note(own.model.accumulator, size)
        return gradients

    def _summed(
        self, total: Total, terms: int, operand: Any
    ) -> tuple[Float64, Float64]:
        """Round a sum in the format of the softmax, and to that of the operand."""
        unit, model = self.rates.unit, self.rates.model
        stored = max(format_of(operand.dtype.name).unit, unit)
        error = total.error * (1 + stored) + stored * np.abs(total.value)
        tiny = model.tiny(operand.dtype.name) + terms * model.tiny(model.softmax)
        return total.value, error + tiny


def _terms(problem: Problem, total: Total) -> int:
    """Return how many gradients of scores each entry of a bias adds up."""
    batch, heads, group, queries, _ = problem.query.shape
    scores = batch * heads * group * queries * problem.keys
    return int(scores // max(1, total.value.size))


__all__ = ["OPERANDS", "Work"]
