"""Plain attention over a mask, for functions that are wrong about the mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype

Mask = npt.NDArray[np.bool_]


def scores_of(query: Array, key: Array, scale: float | None) -> Array:
    """Return scaled dot products."""
    work = working_dtype(query.dtype)
    factor = work.type(query.shape[-1] ** -0.5 if scale is None else scale)
    products = query.astype(work) @ key.astype(work).swapaxes(-1, -2)
    return np.asarray(products * factor)


def softmax(scores: Array) -> Array:
    """Return weights; a row of minus infinities has none."""
    greatest = scores.max(-1, keepdims=True)
    sizes = np.exp(scores - np.where(np.isfinite(greatest), greatest, 0))
    total = sizes.sum(-1, keepdims=True)
    return np.asarray(sizes / np.where(total == 0, 1, total))


def attend(
    query: Array,
    key: Array,
    value: Array,
    mask: Mask,
    scale: float | None = None,
    *,
    hidden: float = -np.inf,
) -> Array:
    """Attend over what a mask shows; hidden keys have a score of their own."""
    scores = np.where(
        mask, scores_of(query, key, scale), working_dtype(query.dtype).type(hidden)
    )
    return (softmax(scores) @ value.astype(scores.dtype)).astype(query.dtype)


def leaking(
    query: Array,
    key: Array,
    value: Array,
    mask: Mask,
    scale: float | None = None,
) -> Array:
    """Attend with a penalty on what is hidden that is no infinity."""
    work = working_dtype(query.dtype)
    # exp(-20) is 2e-9: no harm among values of one size, much among huge ones.
    scores = scores_of(query, key, scale) + np.where(mask, work.type(0), work.type(-20))
    return (softmax(scores) @ value.astype(work)).astype(query.dtype)


def gathered(
    query: Array,
    key: Array,
    value: Array,
    mask: Mask,
    scale: float | None = None,
) -> Array:
    """Attend query by query, touching visible keys alone."""
    rows = []
    for at, seen in enumerate(mask):
        own = query[..., at : at + 1, :], key[..., seen, :], value[..., seen, :]
        rows.append(attend(*own, ALL, scale))
    return np.concatenate(rows, axis=-2)


def tiled(
    query: Array,
    key: Array,
    value: Array,
    mask: Mask,
    scale: float | None = None,
    *,
    tile: int = 4,
) -> Array:
    """Go over tiles of keys with a running maximum, and pass over hidden tiles."""
    work = working_dtype(query.dtype)
    scores = np.where(mask, scores_of(query, key, scale), work.type(-np.inf))
    top = np.full((*scores.shape[:-1], 1), -np.inf, work)
    total, output = np.zeros_like(top), np.zeros(query.shape, work)
    for start in range(0, scores.shape[-1], tile):
        part = np.s_[..., start : start + tile]
        if mask[part].any():
            new = np.maximum(top, scores[part].max(-1, keepdims=True))
            # Minus infinity less itself is no number.
            safe = np.where(np.isfinite(new), new, 0)
            sizes, old = np.exp(scores[part] - safe), np.exp(top - safe)
            total = total * old + sizes.sum(-1, keepdims=True)
            these = value[..., start : start + tile, :].astype(work)
            output, top = output * old + sizes @ these, new
    return (output / total).astype(query.dtype)


ALL: Mask = np.ones((1, 1), dtype=np.bool_)
"""What hides nothing."""

Attend = Callable[..., Array]
"""A way to attend over a mask."""


__all__ = [
    "ALL",
    "Attend",
    "Mask",
    "attend",
    "gathered",
    "leaking",
    "scores_of",
    "softmax",
    "tiled",
]
