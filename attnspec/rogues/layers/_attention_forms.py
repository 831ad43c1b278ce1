"""Layers of attention as they are written, with a place for each mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array


def wide(*arrays: Array) -> list[Array]:
    """Return arrays in the format to work in: float64 for float64, else float32."""
    double = any(a.dtype == np.float64 for a in arrays)
    return [a.astype(np.float64 if double else np.float32) for a in arrays]


def shown(mask: Array | None, readers: int, members: int, *, causal: bool) -> Array:
    """Return what each reader sees; the last reader stands at the last member."""
    offset = members - readers if causal else members
    seen = np.tri(readers, members, offset, dtype=bool)
    return seen if mask is None else np.asarray(seen & mask)


def softmax(scores: Array, seen: Array, axis: int = -1) -> Array:
    """Return weights; what is not seen weighs nothing."""
    hidden = np.where(seen, scores, -np.inf)
    sizes = np.exp(hidden - hidden.max(axis, keepdims=True))
    return np.asarray(sizes / sizes.sum(axis, keepdims=True))


def leaking(scores: Array, seen: Array) -> Array:
    """Hide by adding -10000, as if no score could be larger."""
    return softmax(
        scores + np.where(seen, 0, -10_000).astype(scores.dtype), seen | True
    )


Weigh = Callable[[Array, Array], Array]


def root(width: int, scale: float | None) -> float:
    """Return the scale that holds."""
    return width**-0.5 if scale is None else scale


def attended(
    query: Array,
    key: Array,
    value: Array,
    seen: Array,
    scale: float | None,
    weigh: Weigh = softmax,
) -> Array:
    """Return plain attention over the last two axes."""
    scores = query @ key.swapaxes(-1, -2)
    factor = scores.dtype.type(root(query.shape[-1], scale))
    return np.asarray(weigh(scores * factor, seen) @ value)


def online(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Read one key after the other with a running maximum and sum."""
    factor = query.dtype.type(root(query.shape[-1], scale))
    shape = (*query.shape[:-1], 1)
    greatest, total = np.full(shape, -np.inf, query.dtype), np.zeros(shape, query.dtype)
    output = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    for j in range(key.shape[-2]):
        score = (query * factor) @ key[..., j : j + 1, :].swapaxes(-1, -2)
        score = np.where(seen[..., j : j + 1], score, -np.inf)
        new = np.maximum(greatest, score)
        # Minus infinity less itself is no number.
        safe = np.where(np.isfinite(new), new, 0)
        keep, size = np.exp(greatest - safe), np.exp(score - safe)
        total = total * keep + size
        output = output * keep + size * value[..., j : j + 1, :]
        greatest = new
    return np.asarray(output / total)


def by_value_width(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Take the scale of the values' width."""
    return attended(query, key, value, seen, root(value.shape[-1], scale))


def exchanged(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Take keys for queries."""
    return attended(key, query, value, seen, scale)


def first_shown(seen: Array) -> Array:
    """Let every reader see the first member, hidden or not."""
    return seen | (np.arange(seen.shape[-1]) == 0)


def falsy_scale(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Take a scale of zero for none."""
    return attended(query, key, value, seen, scale or None)


def one_ahead(seen: Array) -> Array:
    """Let every reader see one member more."""
    return seen | np.roll(seen, 1, axis=-1)


Function = Callable[..., Any]


def joined(output: Array, weights: Array) -> Array:
    """Join the heads and multiply by one matrix."""
    batch, heads, readers, width = output.shape
    joint = output.swapaxes(1, 2).reshape(batch, readers, heads * width)
    return np.asarray(joint @ weights.reshape(heads * width, -1))


def fused(*operands: Array) -> Array:
    """Make the vectors of all heads by one product, as many key heads as queries'."""
    x, z, *matrices, out = wide(*operands)
    heads = len(out)

    def cut(given: Array, weights: Array) -> Array:
        joint = given @ weights.swapaxes(0, 1).reshape(weights.shape[1], -1)
        return np.asarray(joint.reshape(*joint.shape[:2], heads, -1).swapaxes(1, 2))

    query, key, value = map(cut, (x, z, z), matrices)
    seen = np.ones((*query.shape[:3], key.shape[2]), dtype=np.bool_)
    output = attended(query, key, value, seen, None)
    return joined(output, out).astype(operands[0].dtype)


def unswapped(output: Array, weights: Array) -> Array:
    """Join without exchanging the axes of heads and places first."""
    batch, heads, readers, width = output.shape
    joint = output.reshape(batch, readers, heads * width)
    return np.asarray(joint @ weights.reshape(heads * width, -1))


def interleaved(output: Array, weights: Array) -> Array:
    """Join the heads entry by entry instead of one behind the other."""
    batch, heads, readers, width = output.shape
    joint = output.transpose(0, 2, 3, 1).reshape(batch, readers, heads * width)
    return np.asarray(joint @ weights.reshape(heads * width, -1))


__all__ = [
    "Function",
    "Weigh",
    "attended",
    "by_value_width",
    "exchanged",
    "falsy_scale",
    "first_shown",
    "fused",
    "interleaved",
    "joined",
    "leaking",
    "one_ahead",
    "online",
    "root",
    "shown",
    "softmax",
    "unswapped",
    "wide",
]
