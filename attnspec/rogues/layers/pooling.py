"""Pooling that is wrong, and unusual pooling that is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import Function, leaking, softmax, wide

Weigh = Callable[[Array, Array], Array]


def _pool(weigh: Weigh = softmax, *, scale: float | None = None) -> Function:
    """Return pooling with other weights."""

    def pool(
        query: Array, key: Array, value: Array, *, mask: Array | None = None
    ) -> Array:
        q, k, v = wide(query, key, value)
        factor = q.dtype.type(len(q) ** -0.5 if scale is None else scale)
        seen = np.ones(len(k), bool) if mask is None else mask
        return np.asarray(weigh(k @ q * factor, seen) @ v).astype(query.dtype)

    return pool


def _mean(scores: Array, seen: Array) -> Array:
    """Let all members weigh the same."""
    return softmax(np.zeros_like(scores), seen)


def _clipped(scores: Array, seen: Array) -> Array:
    """Clip scores, so that no exponential overflows."""
    # Most scores that are drawn lie within; far ones alone tell.
    return softmax(np.clip(scores, -4, 4), seen)


def _one_more(scores: Array, seen: Array) -> Array:
    """Divide by one more than the sum, as a softmax off by one does."""
    hidden = np.where(seen, scores, -np.inf)
    sizes = np.exp(hidden - hidden.max())
    return np.asarray(sizes / (1 + sizes.sum()))


def _zeroed(scores: Array, seen: Array) -> Array:
    """Set hidden scores to 0, which is a score like any other."""
    return softmax(np.where(seen, scores, 0), np.ones_like(seen))


def _online(
    query: Array, key: Array, value: Array, *, mask: Array | None = None
) -> Array:
    """Read one member after the other with a running maximum and sum."""
    q, k, v = wide(query, key, value)
    q = q * q.dtype.type(len(q) ** -0.5)
    greatest, total, output = (
        q.dtype.type(-np.inf),
        q.dtype.type(0),
        np.zeros_like(v[0]),
    )
    for j in range(len(k)):
        if mask is not None and not mask[j]:
            continue
        score = q @ k[j]
        new = max(greatest, score)
        keep, size = np.exp(greatest - new), np.exp(score - new)
        greatest, total = new, total * keep + size
        output = output * keep + size * v[j]
    return np.asarray(output / total).astype(query.dtype)


def _sorted(
    query: Array, key: Array, value: Array, *, mask: Array | None = None
) -> Array:
    """Sum from the smallest weight to the greatest, in base two."""
    q, k, v = wide(query, key, value)
    scores = k @ q * q.dtype.type(len(q) ** -0.5 * np.log2(np.e))
    scores = scores if mask is None else np.where(mask, scores, -np.inf)
    sizes = np.exp2(scores - scores.max())
    order = np.argsort(sizes)
    return np.asarray(sizes[order] @ v[order] / sizes[order].sum()).astype(query.dtype)


_rogue, _control = makers("pooling", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unscaled",
        "formula",
        "The dot products are not scaled.",
        _pool(scale=1.0),
        "agreement",
    ),
    _rogue(
        "recent",
        "order",
        "Members weigh more the later they come.",
        _pool(lambda x, seen: softmax(x + np.arange(len(x), dtype=x.dtype) / 8, seen)),
        "order",
    ),
    _rogue(
        "by-all",
        "mask",
        "Members that are masked still count in the mean.",
        _pool(
            lambda x, seen: softmax(x, seen) * (seen.sum() / len(seen)).astype(x.dtype)
        ),
        "mean",
    ),
    _rogue(
        "clipped",
        "precision",
        "Scores are clipped to the interval from -4 to 4.",
        _pool(_clipped),
        "sharp",
    ),
    _rogue(
        "one-more",
        "formula",
        "The softmax divides by one more than its sum.",
        _pool(_one_more),
        "twice",
    ),
    _rogue(
        "zeroed",
        "mask",
        "Hidden scores become 0, which is a score like any other.",
        _pool(_zeroed),
        "padding",
    ),
    _rogue(
        "leaking",
        "mask",
        "Hidden scores have 10,000 taken off, and large ones shine through.",
        _pool(leaking),
        "padding",
    ),
    _rogue("mean", "null", "All members weigh the same.", _pool(_mean), "agreement"),
)
"""Pooling that is wrong."""

CONTROLS: tuple[Control, ...] = tuple(
    _control(*entry)
    for entry in (
        ("online", "It reads one member after the other.", _online),
        ("sorted", "It sums from the smallest weight, in base two.", _sorted),
    )
)
"""Pooling that is right."""

__all__ = ["CONTROLS", "ROGUES"]
