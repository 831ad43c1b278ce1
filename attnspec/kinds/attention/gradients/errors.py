r"""How far the gradients of scores may be off.

A weight is :math:`P e^{\kappa + \eta}`: :math:`\kappa` is common to its row, as the
error of the logsumexp is, and :math:`\eta` is its own. What is common moves a whole
row of dq at once, and is told apart for that reason.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from attnspec.kinds.attention.bounds.problem import Float64
from attnspec.kinds.attention.bounds.rates import Rates, gamma
from attnspec.kinds.attention.bounds.spread import FINE
from attnspec.kinds.attention.gradients.forward import Forward
from attnspec.kinds.attention.gradients.problem import Backward
from attnspec.kinds.attention.gradients.sums import by_key_row
from attnspec.numerics.formats import format_of

SMALL = 0.5
"""Smaller errors of logarithms are seen well enough beside 1."""

LIMIT = 690.0
"""Larger logarithms than this are as good as infinite."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class ScoreGradients:
    """The gradients of scores of a block, and how far off they may be.

    Arrays are (B, Hkv, G, L, S), but those of rows. `own` is the error of dx that is
    its own, and `whole` all of it; `common` and `delta_error` are those of a row.
    """

    ds: Float64
    ds_error: Float64
    dx: Float64
    own: Float64
    whole: Float64
    slope: Float64
    common: Float64
    delta: Float64
    delta_error: Float64
    weights: Float64
    """The weights of what a query attends to."""
    gained: Float64
    """By how much a weight may be too large."""
    largest: float
    """The largest product of a cotangent and a value, delta or difference of them."""
    formed: float
    """The largest such product, of what is dropped and of what no query sees, too."""
    size: Float64
    """How large the gradients of scaled products may be as they are rounded."""


class _Row(NamedTuple):
    """What all keys of a row have in common: delta less the cotangent of L."""

    delta: Float64
    error: Float64


class _Part(NamedTuple):
    """What the error of a gradient of a score is made of, key by key."""

    t: Float64
    t_error: Float64
    gained: Float64
    each: Float64
    difference: Float64
    """|t - delta|, 0 where a query does not attend."""


def score_gradients(backward: Backward, known: Forward, rates: Rates) -> ScoreGradients:
    """Evaluate the gradients of the scores of a block, with their errors."""
    t, t_error, formed = _products(backward, rates)
    gained, each = _gains(known)
    row = _row(backward, known, rates, (t, t_error, gained))
    ds = t - row.delta[..., None]
    np.copyto(ds, 0.0, where=~known.attends)
    part = _Part(t, t_error, gained, each, np.abs(ds))
    largest = max(
        float(np.max(part.difference, initial=0.0)),
        float(np.max(np.abs(t) + t_error, initial=0.0)),
        float(np.max(np.abs(row.delta) + row.error, initial=0.0)),
    )
    ds *= known.p
    size, common = np.abs(ds), np.expm1(known.common)
    shared = common[..., None] * size
    shared += known.p * row.error[..., None]
    own = _own_error(known, rates, part, row)
    if rates.stored:
        own += rates.stored * (size + own + shared)
    for error in (own, shared):
        np.copyto(error, 0.0, where=~known.attends)
    found = _through_softcap(backward, known, rates, (ds, own, shared))
    return ScoreGradients(
        ds=ds,
        ds_error=own + shared,
        dx=found[0],
        own=found[1],
        whole=found[2],
        slope=found[3],
        common=common,
        delta=row.delta,
        delta_error=row.error,
        weights=np.where(known.attends, known.p, 0.0),
        gained=gained,
        largest=largest,
        formed=float(formed),
        size=np.abs(found[0]) + found[2],
    )


def _row(
    backward: Backward,
    known: Forward,
    rates: Rates,
    weighed: tuple[Float64, Float64, Float64],
) -> _Row:
    """Return delta less the cotangent of the logsumexp, and its error."""
    delta = np.vecdot(backward.d_output, known.output)
    error = _delta_error(backward, known, rates, weighed)
    lam = np.where(known.live, backward.d_lse, 0.0)
    error = error + rates.unit * (np.abs(delta) + np.abs(lam) + error)
    return _Row(delta - lam, error)


def _own_error(known: Forward, rates: Rates, part: _Part, row: _Row) -> Float64:
    """Bound the error of a gradient of a score that is not common to its row."""
    unit, beside = rates.unit, row.error[..., None]
    grown = known.p + part.gained
    local = np.abs(part.t)
    local += part.difference
    local += beside
    local *= unit
    local += (1 + 2 * unit) * part.t_error
    own = part.each * part.difference
    own += grown * local
    own *= np.exp(known.common)[..., None]
    own += part.gained * beside
    local += part.difference
    local += beside
    local *= grown
    local *= 3 * unit
    own += local
    tiny = rates.model.tiny(rates.model.softmax)
    own += tiny * (1.0 + part.difference)
    return own


def _products(backward: Backward, rates: Rates) -> tuple[Float64, Float64, Any]:
    """Return the gradients of weights, with dropout, and their errors.

    The last is the largest that is formed: what is dropped, or unseen, may overflow.
    """
    model, problem = rates.model, backward.problem
    value = problem.value[:, :, :, : problem.keys]
    width = value.shape[-1]
    size = by_key_row(np.abs(backward.d_output), np.abs(value))
    rounded = (1 + rates.value) ** 2 - 1
    adding = gamma(width + 1, format_of(model.dot).unit * model.dot_unit)
    error = size
    error *= rounded + adding * (1 + rounded)
    error += width * model.tiny(model.dot)
    product = by_key_row(backward.d_output, value)
    if rates.stored:
        error += rates.stored * (np.abs(product) + error)
    if name := kept_format(backward, rates):
        # What was rounded on the way forward has a gradient of that format.
        error += rates.weight * (np.abs(product) + error)
        error += model.operand_unit * model.tiny(name)
    rows = np.abs(backward.d_output).sum(axis=-1).max(initial=0.0)
    largest = max(np.max(np.abs(product) + error, initial=0.0), rows * backward.unseen)
    if backward.kept is None:
        return product, error, largest
    keep = backward.kept * backward.multiplier
    return keep * product, keep * error, largest


def kept_format(backward: Backward, rates: Rates) -> str | None:
    """Return the format of weights that a pass may have from its forward pass."""
    formed_anew = rates.model.backward_weights == "lse" or backward.lse is not None
    return None if formed_anew else rates.model.weights


def _gains(known: Forward) -> tuple[Float64, Float64]:
    """Return by how much weights may grow: by all of their error, and by their own."""
    row = known.common[..., None]
    worst = np.max(known.own, initial=0.0) + np.max(row, initial=0.0)
    if not worst <= SMALL and (known.attends & (known.own + row > SMALL)).any():
        return _grown(known, known.own + row), _grown(known, known.own)
    # e^(row + own) - 1 of e^own - 1: an exponential is what takes time here.
    if worst <= FINE:
        each = known.own * (1.0 + known.own)  # e^x - 1 is at most x + x^2.
    else:
        each = np.expm1(np.minimum(known.own, SMALL))
    each *= known.p
    common = np.expm1(row)
    gained = known.p * common
    gained += each * (1.0 + common)
    return gained, each


def _grown(known: Forward, error: Float64) -> Float64:
    """Return p (e^error - 1), in the domain of logarithms where it is large."""
    small = known.p * np.expm1(np.minimum(error, SMALL))
    logs = known.score - known.lse[..., None] + error
    large = np.exp(np.minimum(logs, LIMIT)) - known.p
    is_large = known.attends & (error > SMALL)
    return np.where(is_large, np.maximum(large, small), small)


def _delta_error(
    backward: Backward,
    known: Forward,
    rates: Rates,
    weighed: tuple[Float64, Float64, Float64],
) -> Float64:
    """Bound the error of delta, before the cotangent of the logsumexp meets it."""
    delta = rates.model.delta
    if delta == "output" or backward.output is not None:
        return _of_output(backward, known, rates)
    by_weights = _of_weights(backward, known, rates, weighed)
    if delta == "weights":
        return by_weights
    return np.maximum(_of_output(backward, known, rates), by_weights)


def _of_output(backward: Backward, known: Forward, rates: Rates) -> Float64:
    """Bound the error of the product of output and cotangent."""
    size, off = np.abs(backward.d_output), known.output_error
    width = size.shape[-1]
    error = (size * off).sum(axis=-1) + width * rates.model.tiny(rates.model.softmax)
    adding = gamma(width + 1, rates.unit)
    whole = (size * (np.abs(known.output) + off)).sum(axis=-1)
    return np.asarray(error + adding * whole)


def _of_weights(
    backward: Backward,
    known: Forward,
    rates: Rates,
    weighed: tuple[Float64, Float64, Float64],
) -> Float64:
    """Bound the error of the sum of weights and their gradients."""
    model, unit = rates.model, rates.unit
    keys = known.p.shape[-1]
    t, t_error, gained = weighed
    grown, size = known.p + gained, np.abs(t)
    of_errors = np.vecdot(grown, t_error)
    by_weights = np.vecdot(gained, size) + of_errors
    by_weights += gamma(keys + 2, unit) * (np.vecdot(grown, size) + of_errors)
    delta = np.vecdot(backward.d_output, known.output)
    by_weights += unit * np.abs(delta) + keys * model.tiny(model.softmax)
    return np.asarray(by_weights)


def _through_softcap(
    backward: Backward,
    known: Forward,
    rates: Rates,
    given: tuple[Float64, Float64, Float64],
) -> tuple[Float64, Float64, Float64, Float64]:
    """Carry gradients and errors through the slope of the softcap, and round them.

    What is common to a row is so no longer where it meets an error of the slope.
    """
    ds, own, shared = given
    cap, unit, model = backward.problem.softcap, rates.unit, rates.model
    whole = own + shared
    dx, own_x, all_x, slope = ds, own, whole, np.ones((1,) * ds.ndim)
    if cap is not None:
        bent = known.bent / cap
        slope, tanh = 1.0 / np.cosh(bent) ** 2, np.tanh(bent)
        error = known.score_error / cap
        off = 2 * error * (tanh + error) + 4 * unit + 4 * model.tanh_relative
        off = np.minimum(1.0, off + 2 * rates.stored)
        size = np.abs(ds)
        rounded = 2 * unit * (size + whole) * (slope + off)
        own_x = own * (slope + off) + (size + shared) * off + rounded
        all_x = whole * (slope + off) + size * off + rounded
        dx = ds * slope
    if model.weights:
        again = rates.weight * (np.abs(dx) + all_x)
        again += model.operand_unit * model.tiny(model.weights)
        own_x, all_x = own_x + again, all_x + again
    if model.weights or cap is not None:
        own_x, all_x = (np.where(known.attends, e, 0.0) for e in (own_x, all_x))
    return dx, own_x, all_x, slope


__all__ = ["ScoreGradients", "kept_format", "score_gradients"]
