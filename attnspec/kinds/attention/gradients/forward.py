"""What a backward pass has of the forward pass: weights, output, logsumexp, errors."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from attnspec.kinds.attention.bounds import bounds
from attnspec.kinds.attention.bounds.bounds import Spread, Weights, denominator_error
from attnspec.kinds.attention.bounds.errors import normalizer_error
from attnspec.kinds.attention.bounds.ground import Ground
from attnspec.kinds.attention.bounds.problem import Bool, Float64
from attnspec.kinds.attention.bounds.rates import Rates
from attnspec.kinds.attention.bounds.scores import (
    Visibility,
    bent,
    products,
    scores,
    shift,
    visibility,
    weighted_sum,
)
from attnspec.kinds.attention.bounds.spread import FINE
from attnspec.kinds.attention.gradients.problem import Backward


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """Exact numbers of the forward pass of a block, and how far off they may be.

    `bent`, the magnitude of what the softcap bends, `score`, `p` and what is said of
    them are (B, Hkv, G, L, S), without a sink; the rest has one entry a row, but
    `output` and its error one a value column.
    """

    bent: Float64
    score: Float64
    attends: Bool
    reads: Bool
    """What the output is made of: in empty rows that are a mean, every value."""
    p: Float64
    p_sink: Float64
    output: Float64
    lse: Float64
    live: Bool
    score_error: Float64
    common: Float64
    """The error of the logarithms of all weights of a row, the same for each."""
    own: Float64
    """The error of the logarithm of a weight beside that."""
    sink_error: Float64
    """The error of the logarithm of the share of the sink."""
    output_error: Float64


class _Softmax(NamedTuple):
    """Weights of all columns, and what the bounds of the forward pass need of them."""

    p: Float64
    weights: Weights
    delta: Float64
    spread: Spread
    error: Float64
    score: Float64


class _Saved(NamedTuple):
    """Output and logsumexp that a backward pass knows, and how far off they are."""

    output: Float64
    lse: Float64
    output_error: Float64
    lse_error: Float64


def forward(backward: Backward, ground: Ground, rates: Rates) -> Forward:
    """Evaluate the forward pass of a block, with the errors that a model allows."""
    problem, keys = backward.problem, slice(backward.problem.keys)
    seen, scaled = visibility(problem), products(problem)
    capped = bent(problem, scaled, np.abs(scaled))
    known = _softmax(backward, ground, rates, (scaled, capped), seen)
    reads, attends = _visible(seen, capped[..., keys].shape)
    lse = known.weights.lse[..., 0]
    live = np.broadcast_to(True if seen.empty is None else ~seen.empty, lse.shape)
    saved = _saved(backward, known, ground, rates, live)
    has_sink, given = problem.sink is not None, backward.lse is not None
    part = _Part(known, saved.lse, saved.lse_error, saved=given, has_sink=has_sink)
    common, own, of_sink = _weight_errors(part, rates)
    p, score = known.p[..., keys], np.where(attends, known.score[..., keys], 0.0)
    if given:
        p = np.where(attends, np.exp(score - saved.lse[..., None]), p)
    return Forward(
        bent=capped[..., keys],
        score=score,
        attends=attends,
        reads=reads,
        p=p,
        p_sink=known.p[..., -1] if has_sink else np.zeros_like(lse),
        output=saved.output,
        lse=saved.lse,
        live=live,
        score_error=known.error[..., keys],
        common=np.where(live if seen.mean is None else True, common, 0.0),
        own=own[..., keys],
        sink_error=of_sink,
        output_error=saved.output_error,
    )


def _visible(seen: Visibility, shape: tuple[int, ...]) -> tuple[Bool, Bool]:
    """Return of which keys each output is made, and which of them it attends to."""
    keep = True if seen.keep is None else seen.keep[..., : shape[-1]]
    reads = np.broadcast_to(keep, shape)
    return reads, reads if seen.mean is None else reads & ~seen.mean


def _saved(
    backward: Backward, known: _Softmax, ground: Ground, rates: Rates, live: Bool
) -> _Saved:
    """Return what the forward pass saved: as it is given, or its own with errors."""
    if backward.output is not None and backward.lse is not None:
        lse = np.where(live, backward.lse, 0.0)
        nothing = np.zeros_like(backward.output), np.zeros_like(lse)
        return _Saved(backward.output, lse, *nothing)
    return _Saved(
        known.weights.output * backward.multiplier,
        np.where(live, known.weights.lse[..., 0], 0.0),
        _output_error(backward, known, ground, rates),
        bounds.lse_bound(known.weights, rates, known.spread)[..., 0],
    )


def _softmax(
    backward: Backward,
    ground: Ground,
    rates: Rates,
    given: tuple[Float64, Float64],
    seen: Visibility,
) -> _Softmax:
    """Turn scaled products into weights, and bound their errors."""
    problem, (scaled, capped) = backward.problem, given
    magnitude = np.abs(scaled)
    values = scores(problem, scaled, seen)
    error = bounds.score_error(problem, ground, rates, magnitude, capped, values, seen)
    score = values.copy()
    largest = shift(values)
    hidden = False if seen.hidden is None else seen.hidden
    shifted = np.where(hidden, 0.0, values)
    p = np.exp(values, out=values)
    total = p.sum(axis=-1, keepdims=True)
    total[total == 0] = 1.0
    p /= total
    lse = largest + np.log(total)
    used = _moved(backward, p)
    terms = np.full((1, 1, 1, problem.queries, 1), problem.value.shape[3])
    if seen.keep is not None:
        terms = np.asarray(np.count_nonzero(seen.keep, axis=-1))[..., None]
    top = error.max(axis=-1, keepdims=True, initial=0.0)
    output = weighted_sum(used, problem.value)
    weights = Weights(p, shifted, largest, total, lse, output, terms, top, seen)
    delta = bounds.log_weight_error(rates, error.copy(), weights)
    spread = bounds.spread(delta.copy(), weights, ground.outward)
    return _Softmax(p, weights, delta, spread, error, score)


def _moved(backward: Backward, array: Float64) -> Float64:
    """Give what dropped keys have to the last column, whose value is 0."""
    if backward.kept is None:
        return array
    keys, kept = backward.problem.keys, backward.kept
    found = array.copy()
    found[..., :keys] *= kept
    found[..., -1] += (array[..., :keys] * (1.0 - kept)).sum(axis=-1)
    return found


def _output_error(
    backward: Backward, known: _Softmax, ground: Ground, rates: Rates
) -> Float64:
    """Bound the error of the output; the multiplier of dropout is one rounding more."""
    weights = dataclasses.replace(known.weights, p=_moved(backward, known.p))
    spread = dataclasses.replace(known.spread, gain=_moved(backward, known.spread.gain))
    error = bounds.output_bound(weights, ground, rates, spread)
    if backward.kept is not None:
        again = rates.unit * (np.abs(weights.output) + error)
        error = (error + again) * backward.multiplier
    return error


class _Part(NamedTuple):
    """What the errors of weights are made of."""

    known: _Softmax
    lse: Float64
    lse_error: Float64
    saved: bool
    has_sink: bool


def _weight_errors(part: _Part, rates: Rates) -> tuple[Float64, Float64, Float64]:
    """Bound the errors of logarithms of weights: common to a row, of each, of a sink.

    The share of a sink may come from the logsumexp where the weights do not.
    """
    model, by_lse = rates.model, _from_lse(part, rates)
    found, of_sink = [], [by_lse[0] + by_lse[1][..., -1]]
    if model.backward_weights != "sum" or part.saved:
        found.append(by_lse)
    if model.backward_weights != "lse" and not part.saved:
        row, each = _from_sum(part, rates)
        found.append((row, each))
        of_sink.append(row + each[..., -1])
    rows, several = zip(*found, strict=True)
    own = _largest(several)
    if model.weights_normalized:
        # What is kept for the backward pass is rounded already.
        own = own - np.log1p(-rates.weight)
    return _largest(rows), own, _largest(of_sink)


def _largest(arrays: Iterable[Float64]) -> Float64:
    """Return the largest of arrays, entry by entry."""
    return functools.reduce(np.maximum, arrays)


def _from_lse(part: _Part, rates: Rates) -> tuple[Float64, Float64]:
    """Bound exp(s - lse), which may be brought to base two before it is subtracted."""
    known, unit = part.known, rates.unit
    is_finite = np.isfinite(known.score)
    finite = np.where(is_finite, known.score, 0.0)
    away = finite - part.lse[..., None]
    np.abs(away, out=away)
    np.copyto(away, 0.0, where=~is_finite)
    error = known.error
    if part.has_sink:
        # What is in it of the change of base is in 3 u |s|, too.
        error = error.copy()
        error[..., -1] = rates.stored * np.abs(finite[..., -1])
    away += error
    away += part.lse_error[..., None]
    row = part.lse_error + 3 * unit * np.abs(part.lse)
    own = np.abs(finite, out=finite)
    own *= 3 * unit
    own += error
    of_sink = away[..., -1] * rates.model.exp_argument
    away *= unit + rates.model.exp_argument
    if part.has_sink:
        # The rounding of its difference is in 3 u (|s| + |L|).
        away[..., -1] = of_sink
    own += away
    own += rates.model.exp_relative
    return row, own


def _from_sum(part: _Part, rates: Rates) -> tuple[Float64, Float64]:
    """Bound weights that are divided by their own sum."""
    known, unit = part.known, rates.unit
    if np.max(known.delta, initial=0.0) <= FINE:
        # By Jensen's inequality the sum of p e^-x is at least e^-(sum of p x).
        row = np.vecdot(known.p, known.delta)[..., None]
    else:
        row = -np.log((known.p * np.exp(-known.delta)).sum(axis=-1, keepdims=True))
    row = np.where(known.weights.terms > 0, row, 0.0)
    row = row + np.log1p(denominator_error(known.weights, rates))
    row = row + normalizer_error(rates, known.weights) + 2 * unit
    return np.broadcast_to(row[..., 0], part.lse.shape), known.delta + 2 * unit


__all__ = ["Forward", "forward"]
