"""Cosines that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.relevance._vectors import length, transposed, widened


def _cosine(
    norm: Callable[[Any], Array], key_norm: Callable[[Any], Array] | None = None
) -> Callable[[Array, Array], Array]:
    """Return a cosine with other lengths."""

    def cosine(query: Array, key: Array) -> Array:
        q, k = widened(query, key)
        # A norm that may be 0 is divided by: that is the mistake, or the choice.
        with np.errstate(all="ignore"):
            scores = (q / norm(q)) @ transposed(k / (key_norm or norm)(k))
        return np.asarray(scores).astype(query.dtype)

    return cosine


def _sum_of_sizes(x: Array) -> Array:
    """Return the sum of the absolute entries, or 1 of a vector of zeros."""
    found = np.abs(x).sum(-1, keepdims=True)
    return np.where(found == 0, 1, found).astype(x.dtype)


def _unguarded(x: Array) -> Array:
    """Return the length, which may be 0."""
    return np.sqrt((x * x).sum(-1, keepdims=True))


def _clamped(x: Array) -> Array:
    """Take a length of 1e-8 at least, as torch.nn.functional.cosine_similarity."""
    return np.maximum(_unguarded(x), x.dtype.type(1e-8))


def _key_mean_lost(query: Array, key: Array) -> Array:
    """Subtract the mean of all keys from each."""
    wide = key.astype(np.float32)
    moved = (wide - wide.mean(-2, keepdims=True)).astype(key.dtype)
    return np.asarray(_cosine(length)(query, moved))


_rogue, _control = makers("cosine", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "root-mean-square",
        "The root of the mean square takes the place of the length.",
        _cosine(lambda x: length(x) * x.dtype.type(x.shape[-1] ** -0.5)),
        "range",
    ),
    _rogue(
        "epsilon",
        "A thousandth is added to the lengths.",
        _cosine(lambda x: length(x) + x.dtype.type(1e-3)),
        "agreement",
    ),
    _rogue(
        "query-alone",
        "Keys are not brought to length one.",
        _cosine(length, lambda x: np.ones_like(x[..., :1])),
        "length",
    ),
    _rogue(
        "sum-of-sizes",
        "The sum of the absolute entries takes the place of the length.",
        _cosine(_sum_of_sizes),
        "self",
    ),
    _rogue(
        "keys-centered",
        "The mean of the keys is subtracted.",
        _key_mean_lost,
        "symmetric",
    ),
    _rogue(
        "unguarded",
        "It declares 0 for a vector of zeros, and divides by its length.",
        _cosine(_unguarded),
        "zero",
        mimics="burn#5584",
    ),
)
"""Scores that are wrong."""


def _divided_last(query: Array, key: Array) -> Array:
    """Divide the dot product by the product of both lengths."""
    q, k = widened(query, key)
    lengths = _unguarded(q) * transposed(_unguarded(k))
    scores = np.where(lengths > 0, q @ transposed(k), 0) / np.where(
        lengths > 0, lengths, 1
    )
    return np.asarray(scores).astype(query.dtype)


CONTROLS: tuple[Control, ...] = (
    _control(
        "divided-last",
        "It divides the dot product by both lengths.",
        _divided_last,
    ),
    _control(
        "clamped",
        "It takes no length for less than a hundred-millionth.",
        _cosine(_clamped),
    ),
    _control(
        "no-direction",
        "A vector of zeros has no score.",
        _cosine(_unguarded),
        dialect={"zero_vector": "nan"},
    ),
)
"""Scores that are right."""

__all__ = ["CONTROLS", "ROGUES"]
