"""A kernel with an error by one in its last tile, to be judged in the book."""

from __future__ import annotations

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
TILE = 64


def flash(query: Array, key: Array, value: Array, *, causal: bool = False) -> Array:
    """Compute attention tile by tile, with a running maximum and sum."""
    shape, keys = query.shape[:-1], key.shape[-2]
    positions = np.arange(shape[-1])[:, None] + keys - shape[-1]
    peak = np.full((*shape, 1), -np.inf, dtype=query.dtype)
    total = np.zeros((*shape, 1), dtype=query.dtype)
    output = np.zeros((*shape, value.shape[-1]), dtype=query.dtype)
    for tile in range(max(1, -(-(keys - 1) // TILE))):  # Wrong: one too few.
        here = slice(tile * TILE, (tile + 1) * TILE)
        scores = query @ key[..., here, :].swapaxes(-1, -2)
        scores /= np.sqrt(query.shape[-1], dtype=query.dtype)
        if causal:
            scores = np.where(np.arange(keys)[here] <= positions, scores, -np.inf)
        above = np.maximum(peak, scores.max(axis=-1, keepdims=True))
        finite = np.where(np.isneginf(above), 0, above)
        weights, shrink = np.exp(scores - finite), np.exp(peak - finite)
        total = total * shrink + weights.sum(axis=-1, keepdims=True)
        output = output * shrink + weights @ value[..., here, :]
        peak = above
    return np.divide(output, total, out=np.zeros_like(output), where=total > 0)
