"""Kernels with one fault each, and a right one, in NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np


def _attention(
    query: Any,
    key: Any,
    value: Any,
    scale: float,
    hidden: Any = (),
    cap: float | None = None,
    sink: Any = None,
) -> Any:
    """Return attention in float32."""
    q, k, v = (array.astype(np.float32) for array in (query, key, value))
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat(group, 1), v.repeat(group, 1)
    scores = q @ k.swapaxes(-1, -2) * np.float32(scale)
    if cap is not None:
        scores = np.float32(cap) * np.tanh(scores / np.float32(cap))
    if np.size(hidden):
        scores = np.where(hidden, np.float32(-np.inf), scores)
    top = scores.max(-1, keepdims=True, initial=np.float32(-1e30))
    if sink is not None:
        top = np.maximum(top, sink[:, None, None])
    weights = np.exp(scores - top)
    total = weights.sum(-1, keepdims=True)
    if sink is not None:
        total = total + np.exp(sink[:, None, None] - top)
    total = np.where(total == 0, np.float32(1), total)
    return (weights @ v / total).astype(query.dtype)


def _later(query: Any, key: Any, shift: int = 0) -> Any:
    """Return which keys are behind each query, lower right."""
    queries, keys = query.shape[2], key.shape[2]
    return np.arange(keys) > np.arange(queries)[:, None] + keys - queries + shift


def right(
    query: Any,
    key: Any,
    value: Any,
    *,
    causal: bool = False,
    scale: float | None = None,
    softcap: float | None = None,
    sink: Any = None,
) -> Any:
    """Return attention."""
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    hidden = _later(query, key) if causal else ()
    return _attention(query, key, value, factor, hidden, softcap, sink)


def mask(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Show every query one key too many."""
    hidden = _later(query, key, 1) if causal else ()
    return _attention(query, key, value, query.shape[-1] ** -0.5, hidden)


def scaled(query: Any, key: Any, value: Any, *, scale: float | None = None) -> Any:
    """Multiply by the usual scale beside the one that is given."""
    usual = query.shape[-1] ** -0.5
    return _attention(query, key, value, usual if scale is None else usual * scale)


def softcap(query: Any, key: Any, value: Any, *, softcap: float | None = None) -> Any:
    """Cap at twice the cap."""
    cap = None if softcap is None else 2 * softcap
    return _attention(query, key, value, query.shape[-1] ** -0.5, cap=cap)


def sink(query: Any, key: Any, value: Any, *, sink: Any = None) -> Any:
    """Count the sink of the first head for all heads, and halve it."""
    own = None if sink is None else 0 * sink + sink[0] / np.float32(2)
    return _attention(query, key, value, query.shape[-1] ** -0.5, sink=own)


def grouped(query: Any, key: Any, value: Any) -> Any:
    """Share key heads in turn instead of one after the other."""
    group = query.shape[1] // key.shape[1]
    key, value = np.tile(key, (1, group, 1, 1)), np.tile(value, (1, group, 1, 1))
    return _attention(query, key, value, query.shape[-1] ** -0.5)


def narrow(query: Any, key: Any, value: Any) -> Any:
    """Lose the last of several keys."""
    kept = slice(0, max(1, key.shape[2] - 1))
    return right(query, key[:, :, kept], value[:, :, kept])


def cached(
    query: Any,
    key_cache: Any,
    value_cache: Any,
    lengths: Any,
    *,
    key: Any = None,
    value: Any = None,
) -> Any:
    """Attend over caches, and write new tokens into them."""
    output = np.zeros((*query.shape[:3], value_cache.shape[3]), query.dtype)
    for b, end in enumerate(lengths):
        if key is not None:
            place = slice(end, end + key.shape[1])
            key_cache[b, place], value_cache[b, place] = key[b], value[b]
            end = place.stop  # noqa: PLW2901 - it grows
        arrays = query[b], key_cache[b, :end], value_cache[b, :end]
        q, k, v = (array[None].swapaxes(1, 2) for array in arrays)
        output[b] = _attention(q, k, v, query.shape[3] ** -0.5)[0].swapaxes(0, 1)
    return output


def cached_doubled(*operands: Any, key: Any = None, value: Any = None) -> Any:
    """Answer twice as much, having written what is right."""
    return 2 * cached(*operands, key=key, value=value)
