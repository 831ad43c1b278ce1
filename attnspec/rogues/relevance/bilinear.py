"""Bilinear scores that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.relevance._vectors import length, transposed, widened


def _bilinear(
    change: Callable[[Any, Any, Any], Array],
) -> Callable[[Array, Array, Array], Array]:
    """Return a bilinear score with a formula of its own."""

    def bilinear(query: Array, key: Array, weight: Array) -> Array:
        return change(*widened(query, key, weight)).astype(query.dtype)

    return bilinear


def _coarse(array: Array) -> Array:
    """Keep eight bits of each number."""
    # bfloat16 is the upper half of float32.
    bits = array.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)


_rogue, _control = makers("bilinear", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "coarse",
        "The matrix is kept in bfloat16.",
        _bilinear(lambda q, k, w: q @ _coarse(w) @ transposed(k)),
        "agreement",
    ),
    _rogue(
        "scaled",
        "The scores are divided by the root of the width.",
        _bilinear(lambda q, k, w: q @ w @ transposed(k) * q.shape[-1] ** -0.5),
        "identity",
    ),
    _rogue(
        "directions",
        "Queries are brought to length one.",
        _bilinear(lambda q, k, w: (q / length(q)) @ w @ transposed(k)),
        "linear",
    ),
    _rogue(
        "one-sided",
        "The mean of the keys is subtracted.",
        _bilinear(lambda q, k, w: q @ w @ transposed(k - k.mean(-2, keepdims=True))),
        "transposed",
    ),
)
"""Scores that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "keys-first",
        "It multiplies matrix and keys first.",
        _bilinear(lambda q, k, w: q @ (w @ transposed(k))),
    ),
    _control(
        "all-at-once",
        "It sums over both widths at once.",
        _bilinear(lambda q, k, w: np.einsum("...le,ef,...sf->...ls", q, w, k)),
    ),
)
"""Scores that are right."""

__all__ = ["CONTROLS", "ROGUES"]
