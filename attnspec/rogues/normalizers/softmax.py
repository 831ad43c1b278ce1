"""Wrong softmaxes, and unusual ones that are right."""

from __future__ import annotations

import numpy as np
import scipy.special

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues._shift import shift_of
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import (
    Faced,
    before,
    faced,
    nan_control,
    run,
)
from attnspec.rogues.normalizers._shared_mistakes import shared_mistakes


def _nearly(rows: Array, seen: Array) -> Array:
    """Add a small number to the denominator."""
    exponentials = np.exp(right.below_peak(rows, seen))
    # The sum is 1 at least, so a weight loses a thousandth of itself at most.
    return np.asarray(exponentials / (exponentials.sum(-1, keepdims=True) + 1e-3))


def _coarse(rows: Array, seen: Array) -> Array:
    """Keep eight bits of the sum."""
    exponentials = np.exp(right.below_peak(rows, seen))
    bits = exponentials.sum(-1, keepdims=True).astype(np.float32).view(np.uint32)
    # bfloat16 is the upper half of float32.
    total = (bits & np.uint32(0xFFFF0000)).view(np.float32)
    return np.asarray(exponentials / np.where(total > 0, total, 1))


def _bare_exponentials(rows: Array, seen: Array) -> Array:
    """Exponentiate without subtracting the peak."""
    exponentials = np.where(seen, np.exp(rows), 0)
    total = exponentials.sum(-1, keepdims=True)
    return np.asarray(exponentials / np.where(total == 0, 1, total))


def _one_peak(rows: Array, seen: Array) -> Array:
    """Subtract one peak from all rows."""
    # Finite where no row has a visible key.
    peak = np.max(np.where(seen, rows, -np.inf), initial=-1e4)
    exponentials = np.where(seen, np.exp(rows - peak.astype(rows.dtype)), 0)
    total = exponentials.sum(-1, keepdims=True)
    return np.asarray(exponentials / np.where(total == 0, 1, total))


def _powers_of_two(rows: Array, seen: Array) -> Array:
    """Take powers of two."""
    powers = np.exp2(right.below_peak(rows, seen))
    total = powers.sum(-1, keepdims=True)
    return np.asarray(powers / np.where(total > 0, total, 1))


def _tempered(factor: float, power: float) -> Faced:
    """Return a softmax whose temperature acts otherwise."""

    def softmax(
        scores: Array,
        *,
        mask: Array | None = None,
        axis: int = -1,
        temperature: float = 1.0,
    ) -> Array:
        scaled = before(right.softmax, lambda r, _: r * (factor * temperature**power))
        return run(scaled, scores, mask, axis)

    return softmax


def _sink_added(
    scores: Array, *, mask: Array | None = None, axis: int = -1, sink: float = -np.inf
) -> Array:
    """Add the sink itself to the denominator, not its exponential."""

    def core(rows: Array, seen: Array) -> Array:
        exponentials = np.exp(right.below_peak(rows, seen))
        total = exponentials.sum(-1, keepdims=True) + max(sink, 0.0)
        return np.asarray(exponentials / np.where(total > 0, total, 1))

    return run(core, scores, mask, axis)


_rogue, _control = makers("softmax", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "epsilon", "A thousandth is added to the denominator.", faced(_nearly), "sum"
    ),
    _rogue("coarse-sum", "The sum is kept in bfloat16.", faced(_coarse), "sum"),
    _rogue(
        "undivided",
        "The exponentials are not divided by their sum.",
        faced(lambda rows, seen: np.exp(right.below_peak(rows, seen))),
        "convex",
    ),
    _rogue(
        "no-peak",
        "No peak is subtracted, and exponentials overflow.",
        faced(_bare_exponentials),
        "agreement",
    ),
    _rogue(
        "one-peak",
        "The peak of all rows is taken off each; low ones vanish.",
        faced(_one_peak),
        "agreement",
    ),
    _rogue("base-two", "The base is two.", faced(_powers_of_two), "quotients"),
    _rogue(
        "by-log-length",
        "Scores are scaled by the length's logarithm.",
        faced(before(right.softmax, lambda x, _: x * np.log(1.0 + x.shape[-1]))),
        "merge",
    ),
    _rogue(
        "temperature-times",
        "The temperature multiplies the scores.",
        _tempered(1.0, 1.0),
        "temperature",
    ),
    _rogue(
        "temperature-root",
        "The root of the temperature is taken.",
        _tempered(1.0, -0.5),
        "temperature",
    ),
    _rogue(
        "sink-added",
        "The sink itself is added to the denominator.",
        _sink_added,
        "agreement",
    ),
    _rogue(
        "clipped",
        "Scores are clipped to lie between -10 and 10.",
        faced(before(right.softmax, lambda r, _: np.clip(r, -10, 10))),
        "shift",
    ),
    *shared_mistakes(
        "softmax", but=("dust",), mimics={"axis-ignored": "aprender#2152"}
    ),
)
"""Wrong ways to take a softmax."""


def _online(rows: Array, seen: Array) -> Array:
    """Carry peak and sum from key to key, and come back for the weights."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    peak = np.full(rows.shape[:-1], -np.inf, rows.dtype)
    total = np.zeros_like(peak)
    for score in np.moveaxis(shown, -1, 0):
        higher = np.maximum(peak, score)
        level = shift_of(higher)
        total = total * np.exp(peak - level) + np.exp(score - level)
        peak = higher
    level = shift_of(peak)[..., None]
    return np.asarray(np.exp(shown - level) / np.where(total > 0, total, 1)[..., None])


def _base_two(rows: Array, seen: Array) -> Array:
    """Bring the scores to base two before the peak is subtracted."""
    scaled = rows * rows.dtype.type(1.0 / np.log(2.0))
    powers = np.exp2(right.below_peak(scaled, seen))
    total = powers.sum(-1, keepdims=True)
    return np.asarray(powers * (1 / np.where(total > 0, total, 1)))


def _by_logsumexp(rows: Array, seen: Array) -> Array:
    """Subtract the logsumexp, as a backward pass does."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    lse = scipy.special.logsumexp(shown, axis=-1, keepdims=True).astype(rows.dtype)
    # A row without a visible key would have minus infinity less itself.
    return np.exp(shown - shift_of(lse))


def _finite_fill(rows: Array, seen: Array) -> Array:
    """Fill hidden scores with the least number of their format."""
    filled = np.where(seen, rows, np.finfo(rows.dtype).min).astype(rows.dtype)
    return right.softmax(filled, np.ones_like(seen))


def _full(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    temperature: float = 1.0,
    sink: float | None = None,
) -> Array:
    """Multiply by a reciprocal temperature; the sink is one more column."""

    def core(rows: Array, seen: Array) -> Array:
        scaled = rows * rows.dtype.type(1.0 / temperature)
        if sink is None:
            return right.softmax(scaled, seen)
        # The column comes after the scaling: a temperature does not act on a sink.
        column = np.full((*rows.shape[:-1], 1), sink, rows.dtype)
        wider = np.concatenate([scaled, column], -1)
        shown = np.concatenate([seen, np.ones_like(column, np.bool_)], -1)
        return right.softmax(wider, shown)[..., :-1]

    return run(core, scores, mask, axis)


CONTROLS: tuple[Control, ...] = (
    _control("online", "Carries peak and sum along.", faced(_online)),
    _control("base-two-first", "Scales to base two.", faced(_base_two)),
    _control("by-lse", "Subtracts the logsumexp.", faced(_by_logsumexp)),
    _control("reciprocal", "Has a temperature and a sink.", _full),
    _control(
        "scipy",
        "SciPy's, with scores alone.",
        lambda scores: scipy.special.softmax(scores, axis=-1),
        dtypes=("float32", "float64"),
    ),
    nan_control("softmax"),
    _control(
        "finite-fill",
        "Hidden scores are the least finite number.",
        faced(_finite_fill),
        dialect={"empty_row": "mean"},
    ),
)
"""Unusual and right ways to take a softmax."""

__all__ = ["CONTROLS", "ROGUES"]
