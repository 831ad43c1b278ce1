"""Softmax attention in arithmetic that carries its errors, for kinds built on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnspec.numerics.tracked import Tracked

_ARGUMENT = 3.0
"""Roundings of a score on the way to an exponential: scale, shift, another base."""

_RESCALING = 6.0
"""Roundings for each key of sums that are rescaled whenever the maximum moves."""


def mixed(
    scores: Tracked,
    value: Tracked,
    visible: npt.ArrayLike,
    *,
    stored: str | None = None,
) -> Tracked:
    """Average values by the softmax of scores over what is visible.

    A row without any visible key gives zeros. `stored` is a format that weights may
    be rounded to before they meet the values. Any number may be subtracted from a
    row's scores, so the maximum is taken for exact; sums may be rescaled key by key.
    """
    return weighed(scores, visible, stored=stored) @ value


def weighed(
    scores: Tracked, visible: npt.ArrayLike, *, stored: str | None = None
) -> Tracked:
    """Return the softmax of scores over what is visible; hidden keys weigh exactly 0.

    A weight lies between 0 and 1, so it is never off by more than 1, however far off
    its score may be.
    """
    seen = np.broadcast_to(np.asarray(visible, bool), scores.value.shape)
    shown = scores.where(seen, 0.0).rounding(_ARGUMENT)
    shifted = shown - _maximum(shown.value, seen)
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = shifted.where(seen, 0.0).exp().where(seen, 0.0)
        # Hidden keys are zeros again, for a rounding gives zeros an error.
        sizes = sizes.rounding(_RESCALING * max(1, seen.shape[-1])).where(seen, 0.0)
        total = sizes.sum(keepdims=True)
        # An empty row has no sum; it is divided by one, and gives zeros.
        weights = sizes / total.where(seen.any(-1, keepdims=True), 1.0)
    error = np.where(np.isfinite(weights.error), np.minimum(weights.error, 1.0), 1.0)
    capped = weights.like(weights.value, error)
    kept = capped if stored is None else capped.stored(stored)
    return kept.where(seen, 0.0)


def _maximum(
    scores: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the greatest visible score of each row, 0 where there is none."""
    shown = np.where(seen, scores, -np.inf)
    greatest = shown.max(-1, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(greatest), greatest, 0.0)


__all__ = ["mixed", "weighed"]
