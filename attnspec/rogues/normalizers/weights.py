"""Normalizers with the mistakes that all can have, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.special

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.normalizers import _normalizers as right
from attnspec.rogues.normalizers._normalizers import (
    CORES,
    Core,
    after,
    before,
    faced,
    run,
)

_SIMPLEX = ("softmax", "sparsemax", "entmax15")
_ALL = tuple(CORES)
_DTYPES = ("float32", "float64", "float16", "bfloat16")


def _floor(core: Core) -> Core:
    return after(core, lambda weights, _: np.maximum(weights, 1e-6))


def _sorted(core: Core) -> Core:
    """Sort scores, and leave the weights in that order."""

    def spoiled(rows: Array, seen: Array) -> Array:
        turn = np.argsort(np.where(seen, rows, -np.inf), -1)
        taken = (np.take_along_axis(array, turn, -1) for array in (rows, seen))
        return core(*taken)

    return spoiled


def _taken_off(core: Core) -> Core:
    """Take 10,000 off a hidden score."""

    def spoiled(rows: Array, seen: Array) -> Array:
        kept = ~np.isneginf(rows)
        lower = np.where(seen | ~kept, rows, rows - 10_000)
        return core(lower.astype(rows.dtype), kept)

    return spoiled


def _as_zero(core: Core) -> Core:
    """Take a hidden score for zero, and its weight away afterward."""

    def spoiled(rows: Array, seen: Array) -> Array:
        shown = np.where(seen, rows, 0).astype(rows.dtype)
        return np.where(seen, core(shown, np.ones_like(seen)), 0)

    return spoiled


def _wrapped(core: Core) -> Core:
    return before(core, lambda rows, _: np.where(np.isneginf(rows), rows, _bits(rows)))


def _bits(rows: Array) -> Array:
    """Keep so few bits that 4 follows upon -4."""
    return np.mod(rows + 3.5, 7.0) - 3.5


def _ramp(core: Core) -> Core:
    return before(core, lambda rows, _: rows + 0.01 * np.arange(rows.shape[-1]))


def _dust(core: Core) -> Core:
    return after(core, lambda w, seen: np.where(seen, np.maximum(w, 1e-8), w))


def _axis_ignored(core: Core) -> Callable[..., Array]:
    def normalizer(
        scores: Array,
        *,
        mask: Array | None = None,
        axis: int = -1,  # noqa: ARG001 - this is the mistake
    ) -> Array:
        return run(core, scores, mask, -1)

    return normalizer


_SPOILED: tuple[tuple[str, str, str, str, Callable[[Core], Core], tuple[str, ...]], ...]
_SPOILED = (
    (
        *("floor", "precision", "No weight is less than a millionth, a hidden one too"),
        *("weights", _floor, _ALL),
    ),
    (
        *("left-sorted", "order", "The weights are left in the order of the scores"),
        *("order", _sorted, _ALL),
    ),
    (
        *("mask-taken-off", "mask", "10,000 is taken off a hidden score"),
        *("hidden", _taken_off, _ALL),
    ),
    (
        *("hidden-as-zero", "mask", "A hidden score counts as a score of zero"),
        *("padding", _as_zero, _SIMPLEX),
    ),
    (
        *("wrapped", "precision", "Scores wrap around at 3.5"),
        *("monotone", _wrapped, _ALL),
    ),
    (
        *("ramp", "formula", "Ties are broken by the place of a key"),
        *("uniform", _ramp, _SIMPLEX),
    ),
    (
        *("dust", "precision", "A visible key has a hundred-millionth at least"),
        *("zeros", _dust, ("sparsemax", "entmax15")),
    ),
)
"""Word, class, sentence, law, what is done to a right one, and the kinds."""


def _spoiled() -> Iterator[Rogue]:
    """Yield each mistake in each normalizer that can have it."""
    for word, mistake, sentence, law, spoil, kinds in _SPOILED:
        for kind in kinds:
            yield kind_rogue(
                *(kind, f"{kind}-{word}", mistake, f"{sentence}."),
                faced(spoil(CORES[kind])),
                caught_by=f"{kind}-{law}",
            )
    for kind in (*_SIMPLEX, "relu"):
        yield kind_rogue(
            *(kind, f"{kind}-axis-ignored", "dropped-option"),
            *("The axis is always the last.", _axis_ignored(CORES[kind])),
            caught_by=f"{kind}-agreement",
        )


ROGUES: tuple[Rogue, ...] = tuple(_spoiled())
"""Normalizers with mistakes that all can have."""


def _online(rows: Array, seen: Array) -> Array:
    """Carry peak and sum from key to key, and come back for the weights."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    peak = np.full(rows.shape[:-1], -np.inf, rows.dtype)
    total = np.zeros_like(peak)
    for score in np.moveaxis(shown, -1, 0):
        higher = np.maximum(peak, score)
        level = np.where(np.isneginf(higher), 0, higher)
        total = total * np.exp(peak - level) + np.exp(score - level)
        peak = higher
    level = np.where(np.isneginf(peak), 0, peak)[..., None]
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
    return np.exp(shown - np.where(np.isneginf(lse), 0, lse))


def _no_number(core: Core) -> Core:
    """Make rows without a visible key NaN."""
    return after(core, lambda w, seen: np.where(seen.any(-1, keepdims=True), w, np.nan))


def _finite_fill(rows: Array, seen: Array) -> Array:
    """Fill hidden scores with the least number of their format."""
    filled = np.where(seen, rows, np.finfo(rows.dtype).min).astype(rows.dtype)
    return right.softmax(filled, np.ones_like(seen))


def _bare(scores: Array) -> Array:
    """Call SciPy's softmax, which has neither mask nor another default axis."""
    return np.asarray(scipy.special.softmax(scores, axis=-1))


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
        column = np.full((*rows.shape[:-1], 1), sink, rows.dtype)
        wider = np.concatenate([scaled, column], -1)
        shown = np.concatenate([seen, np.ones_like(column, np.bool_)], -1)
        return right.softmax(wider, shown)[..., :-1]

    return run(core, scores, mask, axis)


def _unshifted(rows: Array, seen: Array) -> Array:
    """Sort the scores as they are, without subtracting their peak."""
    shown = np.where(seen, rows, -np.inf).astype(rows.dtype)
    return np.where(seen, np.maximum(shown - right.mean_threshold(shown), 0), 0)


def _active_set(rows: Array, seen: Array) -> Array:
    """Project onto the plane, drop what is negative, and again (Michelot)."""
    below, kept = right.below_peak(rows, seen), seen.copy()
    for _ in range(rows.shape[-1]):
        shown = np.where(kept, below, 0)
        count = np.maximum(kept.sum(-1, keepdims=True), 1).astype(rows.dtype)
        threshold = (shown.sum(-1, keepdims=True) - 1) / count
        kept &= below > threshold
    return np.where(kept, np.maximum(below - threshold, 0), 0)


def _control(
    kind: str, word: str, sentence: str, function: Any, **fields: Any
) -> Control:
    fields = {"dtypes": _DTYPES, **fields}
    return kind_control(kind, f"{kind}-{word}", sentence, function, **fields)


_NAN, _MEAN = {"empty_row": "nan"}, {"empty_row": "mean"}

CONTROLS: tuple[Control, ...] = (
    _control("softmax", "online", "Carries peak and sum along.", faced(_online)),
    _control("softmax", "base-two-first", "Scales to base two.", faced(_base_two)),
    _control("softmax", "by-lse", "Subtracts the logsumexp.", faced(_by_logsumexp)),
    _control("softmax", "reciprocal", "Has a temperature and a sink.", _full),
    _control(
        "softmax", "scipy", "SciPy's, with scores alone.", _bare, dtypes=_DTYPES[:2]
    ),
    *(
        _control(
            *(kind, "empty-nan", "Rows without a visible key are NaN."),
            faced(_no_number(CORES[kind])),
            dialect=_NAN,
        )
        for kind in _SIMPLEX
    ),
    _control(
        *("softmax", "finite-fill", "Hidden scores are the least finite number."),
        faced(_finite_fill),
        dialect=_MEAN,
    ),
    _control("sparsemax", "bisected", "Bisects.", faced(right.bisected(1))),
    _control("sparsemax", "active-set", "Drops the negative.", faced(_active_set)),
    _control("sparsemax", "unshifted", "Subtracts no peak.", faced(_unshifted)),
    _control("entmax15", "bisected", "Bisects.", faced(right.bisected(2))),
    _control("entmax15", "by-authors", "Sorts.", faced(right.entmax15)),
)
"""Normalizers that are right."""

__all__ = ["CONTROLS", "ROGUES"]
