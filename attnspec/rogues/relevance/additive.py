"""Additive scores that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.relevance._vectors import widened


def _additive(change: Callable[..., Array]) -> Callable[..., Array]:
    """Return an additive score whose sum of projections is bent otherwise."""

    def additive(
        query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
    ) -> Array:
        q, k, wq, wk, v = widened(query, key, query_weight, key_weight, vector)
        hidden = change((q @ wq)[..., :, None, :], (k @ wk)[..., None, :, :])
        return np.asarray(hidden @ v).astype(query.dtype)

    return additive


_rogue, _control = makers("additive", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "reversed",
        "The vector meets the hidden entries in the other order.",
        _additive(lambda q, k: np.tanh(q + k)[..., ::-1]),
        "agreement",
    ),
    _rogue(
        "straight",
        "The sum of the projections is not bent.",
        _additive(lambda q, k: q + k),
        "bounded",
    ),
    _rogue(
        "logistic",
        "The logistic function takes the place of the tangent.",
        _additive(lambda q, k: 0.5 + 0.5 * np.tanh(0.5 * (q + k))),
        "odd",
    ),
    _rogue(
        "bent-early",
        "The query's projection alone is bent.",
        _additive(lambda q, k: np.tanh(q) + k),
        "swapped",
    ),
)
"""Scores that are wrong."""


def _concatenated(
    query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
) -> Array:
    """Multiply both, one behind the other, by one matrix."""
    q, k, wq, wk, v = widened(query, key, query_weight, key_weight, vector)
    grid = (*q.shape[:-1], k.shape[-2])
    wide = np.broadcast_to(q[..., :, None, :], (*grid, q.shape[-1]))
    deep = np.broadcast_to(k[..., None, :, :], (*grid, k.shape[-1]))
    both = np.concatenate([wide, deep], -1) @ np.concatenate([wq, wk])
    return np.asarray(np.tanh(both) @ v).astype(query.dtype)


def _from_exponentials(q: Array, k: Array) -> Array:
    """Make the tangent of e^(2 x) - 1; beyond 20 it is 1 in every format."""
    # Where float64 has a tangent of 1 but for 1e-17, and float32 no overflow.
    power = np.expm1(2 * np.clip(q + k, -20, 20))
    return np.asarray(power / (power + 2))


CONTROLS: tuple[Control, ...] = (
    _control(
        "concatenated",
        "It has one matrix for query and key.",
        _concatenated,
    ),
    _control(
        "exponentials",
        "It makes the tangent of an exponential.",
        _additive(_from_exponentials),
    ),
)
"""Scores that are right."""

__all__ = ["CONTROLS", "ROGUES"]
