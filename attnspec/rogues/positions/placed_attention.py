"""Attention of vectors with places that is wrong, and unusual that is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import attended, online, wide

_Add = Callable[[Array, Array], tuple[Array, Array, Array]]


def _layer(add: _Add, attend: Callable[..., Any] = attended) -> Callable[..., Array]:
    """Return attention of what queries, keys and values are made from."""

    def layer(*operands: Array) -> Array:
        x, e, *by = wide(*operands)
        query, key, value = (y @ w for y, w in zip(add(x, e), by, strict=True))
        seen = np.ones((len(x), len(x)), bool)
        return np.asarray(attend(query, key, value, seen, None)).astype(
            operands[0].dtype
        )

    return layer


def _thrice(x: Array) -> tuple[Array, Array, Array]:
    return x, x, x


def _apart(*operands: Array) -> Array:
    """Project vectors and encodings each for itself, and add four kinds of scores."""
    x, e, *by = wide(*operands)
    (query, asked), (key, told), (value, given) = ((x @ w, e @ w) for w in by)
    scores = query @ key.T + query @ told.T + asked @ key.T + asked @ told.T
    scores = scores * x.dtype.type(query.shape[-1] ** -0.5)
    sizes = np.exp(scores - scores.max(-1, keepdims=True))
    weights = sizes / sizes.sum(-1, keepdims=True)
    return (weights @ value + weights @ given).astype(operands[0].dtype)


_rogue, _control = makers(
    "placed-attention", usual="position", made=_layer, right_in=FORMATS
)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "ignored",
        "The encoding is not added.",
        lambda x, _e: _thrice(x),
        "agreement",
    ),
    _rogue(
        "twice",
        "The encoding is added twice.",
        lambda x, e: _thrice(x + e + e),
        "agreement",
    ),
    _rogue(
        "query-only",
        "The keys keep no place.",
        lambda x, e: (x + e, x, x + e),
        "agreement",
    ),
    _rogue(
        "values-unplaced",
        "The encoding is added for queries and keys, and not for values.",
        lambda x, e: (x + e, x + e, x),
        "sum",
    ),
    _rogue(
        "scaled",
        "The vectors are multiplied by the root of their width before.",
        lambda x, e: _thrice(x * x.dtype.type(x.shape[-1] ** 0.5) + e),
        "sum",
    ),
    _rogue(
        "late",
        "Each vector has the encoding of the place before it.",
        lambda x, e: _thrice(x + np.roll(e, 1, axis=0)),
        "order",
    ),
)
"""Attention that adds places wrongly."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "apart",
        "Vectors and encodings are projected each for itself, and four scores added.",
        _apart,
    ),
    _control(
        "online",
        "It reads one key after the other.",
        _layer(lambda x, e: _thrice(x + e), online),
    ),
)
"""Attention that adds places rightly."""

__all__ = ["CONTROLS", "ROGUES"]
