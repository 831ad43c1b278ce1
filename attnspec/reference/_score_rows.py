"""What the normalizers do to rows of scores before they make weights of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import float64


def selected(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None,
) -> Float64[np.ndarray, "*rows S"]:
    """Replace hidden scores by minus infinity, whatever they were."""
    return float64(scores) if mask is None else np.where(mask, float64(scores), -np.inf)


def below_peak(
    scores: Float64[np.ndarray, "*rows S"],
) -> Float64[np.ndarray, "*rows S"]:
    """Subtract the largest score of each row, which changes no weight."""
    peak = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
    return scores - np.where(np.isneginf(peak), 0.0, peak)


def descending(
    scores: Float64[np.ndarray, "*rows S"],
) -> tuple[Float64[np.ndarray, "*rows S"], Float64[np.ndarray, "S"]]:
    """Order each row from the largest down, and number the places from 1."""
    return np.sort(scores, axis=-1)[..., ::-1], np.arange(1.0, scores.shape[-1] + 1.0)


__all__ = ["below_peak", "descending", "selected"]
