r"""How far the gradients of scores may be off.

A weight is :math:`P e^{\kappa + \eta}`: :math:`\kappa` is common to its row, as the
error of the logsumexp is, and :math:`\eta` is its own. What is common moves a whole
row of dq at once, and is told apart for that reason.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from attnspec.kinds.attention.bounds.problem import Float64
from attnspec.kinds.attention.bounds.rates import Rates, gamma
from attnspec.kinds.attention.gradients.forward import Forward
from attnspec.kinds.attention.gradients.problem import Backward
from attnspec.kinds.attention.gradients.sums import by_key_row
from attnspec.numerics.formats import format_of

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

    @property
    def size(self) -> Float64:
        """How large the gradients of scaled products may be as they are rounded."""
        return np.asarray(np.abs(self.dx) + self.whole)


def score_gradients(backward: Backward, known: Forward, rates: Rates) -> ScoreGradients:
    """Evaluate the gradients of the scores of a block, with their errors."""
    keep = _multipliers(backward)
    product, product_error = _products(backward, rates)
    t, t_error = keep * product, keep * product_error
    gained, each = _gains(known)
    grown = known.p + gained
    delta = (backward.d_output * known.output).sum(axis=-1)
    delta_error = _delta_error(backward, known, rates, (t, t_error, gained))
    lam = np.where(known.live, backward.d_lse, 0.0)
    rest, rest_error = np.abs(delta - lam), delta_error
    rest_error = rest_error + rates.unit * (np.abs(delta) + np.abs(lam) + rest_error)
    difference = np.where(known.attends, np.abs(t - (delta - lam)[..., None]), 0.0)
    beside = rest_error[..., None]
    local = t_error + rates.unit * (np.abs(t) + t_error)
    local = local + rates.unit * (difference + t_error + beside)
    common = np.expm1(known.common)
    own = (each * difference + grown * local) * (1 + common[..., None])
    own = own + gained * beside
    own = own + 3 * rates.unit * grown * (difference + beside + local)
    shared = common[..., None] * known.p * difference + known.p * beside
    ds = np.where(known.attends, known.p * (t - (delta - lam)[..., None]), 0.0)
    own = (
        own
        + rates.stored * (np.abs(ds) + own + shared)
        + rates.model.tiny(rates.model.softmax) * (1.0 + difference)
    )
    own, shared = (np.where(known.attends, e, 0.0) for e in (own, shared))
    found = _through_softcap(backward, known, rates, (ds, own, shared))
    sizes = (np.abs(t) + t_error, rest + rest_error, difference + local)
    return ScoreGradients(
        ds=ds,
        ds_error=own + shared,
        dx=found[0],
        own=found[1],
        whole=found[2],
        slope=found[3],
        common=common,
        delta=delta - lam,
        delta_error=rest_error,
        weights=np.where(known.attends, known.p, 0.0),
        gained=gained,
        largest=max(float(np.max(size, initial=0.0)) for size in sizes),
    )


def _multipliers(backward: Backward) -> Float64 | float:
    """Return the multiplier of dropout of each weight."""
    return 1.0 if backward.kept is None else backward.kept * backward.multiplier


def _products(backward: Backward, rates: Rates) -> tuple[Float64, Float64]:
    """Return the products of cotangents and values, and their errors."""
    model, problem = rates.model, backward.problem
    value = problem.value[:, :, :, : problem.keys]
    width = value.shape[-1]
    size = by_key_row(np.abs(backward.d_output), np.abs(value))
    rounded = (1 + rates.value) ** 2 - 1
    adding = gamma(width + 1, format_of(model.dot).unit * model.dot_unit)
    error = (rounded + adding * (1 + rounded)) * size
    error = error + width * model.tiny(model.dot)
    product = by_key_row(backward.d_output, value)
    return product, error + rates.stored * (np.abs(product) + error)


def _gains(known: Forward) -> tuple[Float64, Float64]:
    """Return by how much weights may grow: by all of their error, and by their own."""
    row = known.common[..., None]
    return _grown(known, known.own + row), _grown(known, known.own)


def _grown(known: Forward, error: Float64) -> Float64:
    """Return p (e^error - 1), in the domain of logarithms where it is large."""
    logs = known.score - known.lse[..., None] + error
    large = np.exp(np.minimum(logs, LIMIT)) - known.p
    small = known.p * np.expm1(np.minimum(error, 0.5))
    return np.where(known.attends & (error > 0.5), np.maximum(large, small), small)


def _delta_error(
    backward: Backward,
    known: Forward,
    rates: Rates,
    weighed: tuple[Float64, Float64, Float64],
) -> Float64:
    """Bound the error of delta, before the cotangent of the logsumexp meets it."""
    model, unit = rates.model, rates.unit
    size, tiny = np.abs(backward.d_output), model.tiny(model.softmax)
    width, keys = size.shape[-1], known.p.shape[-1]
    off = known.output_error
    by_output = (size * off).sum(axis=-1)
    by_output += gamma(width + 1, unit) * (size * (np.abs(known.output) + off)).sum(-1)
    by_output += width * tiny
    t, t_error, gained = weighed
    grown = known.p + gained
    by_weights = (gained * np.abs(t) + grown * t_error).sum(axis=-1)
    by_weights += gamma(keys + 2, unit) * (grown * (np.abs(t) + t_error)).sum(axis=-1)
    delta = (backward.d_output * known.output).sum(axis=-1)
    by_weights += unit * np.abs(delta) + keys * tiny
    if model.delta == "output" or backward.output is not None:
        return np.asarray(by_output)
    if model.delta == "weights":
        return np.asarray(by_weights)
    return np.maximum(by_output, by_weights)


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
    slope, off = np.ones_like(ds), np.zeros_like(ds)
    if cap is not None:
        bent = known.scaled / cap
        slope, tanh = 1.0 / np.cosh(bent) ** 2, np.abs(np.tanh(bent))
        error = known.score_error / cap
        off = 2 * error * (tanh + error) + 4 * unit + 4 * model.tanh_relative
        off = np.minimum(1.0, off + 2 * rates.stored)
    size, whole = np.abs(ds), own + shared
    rounded = 2 * unit * (size + whole) * (slope + off) if cap is not None else 0.0
    own_x = own * (slope + off) + (size + shared) * off + rounded
    all_x = whole * (slope + off) + size * off + rounded
    dx = ds * slope
    again = rates.weight * (np.abs(dx) + all_x)
    if model.weights:
        again = again + model.operand_unit * model.tiny(model.weights)
    own_x, all_x = (np.where(known.attends, e + again, 0.0) for e in (own_x, all_x))
    return dx, own_x, all_x, slope


__all__ = ["ScoreGradients", "score_gradients"]
