"""Compiled functions of JAX's arrays that lose or repeat keys at the end of a tile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax import numpy as jnp

TILE = 16


def _attention(
    query: Any, key: Any, value: Any, mask: Any, scale: Any, *, causal: bool
) -> Any:
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    group = query.shape[1] // key.shape[1]
    key, value = (jnp.repeat(x, group, 1) for x in (key, value))
    scores = query @ key.swapaxes(2, 3) * jnp.asarray(scale, query.dtype)
    queries, keys = scores.shape[-2:]
    if causal:
        seen = jnp.tril(jnp.ones((queries, keys), bool), keys - queries)
        scores = jnp.where(seen, scores, -jnp.inf)
    if mask is not None:
        scores = jnp.where(mask, scores, -jnp.inf)
    hidden = (scores == -jnp.inf).all(-1, keepdims=True)
    weights = jax.nn.softmax(jnp.where(hidden, 0.0, scores), -1)
    return jnp.where(hidden, 0.0, weights) @ value


def _with(
    change: Callable[[Any, Any, Any], tuple[Any, Any, Any]],
) -> Callable[..., Any]:
    """Return compiled attention whose key, value and mask are changed first."""

    @functools.partial(jax.jit, static_argnames=("causal",))
    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        scale: Any = None,
        causal: bool = False,
    ) -> Any:
        keys = key.shape[2]
        key, value, mask = change(key, value, mask)
        is_changed = causal and key.shape[2] != keys
        return _attention(
            query, key, value, mask, scale, causal=causal and not is_changed
        )

    return kernel


def _without(lost: Callable[[int], int]) -> Callable[..., Any]:
    """Return attention that forgets so many keys at the end, by their number."""

    def change(key: Any, value: Any, mask: Any) -> tuple[Any, Any, Any]:
        keys = key.shape[2]
        kept = keys - lost(keys)
        if mask is not None and mask.shape[-1] == keys:
            mask = mask[..., :kept]
        return key[:, :, :kept], value[:, :, :kept], mask

    return _with(change)


def _padding_seen(key: Any, value: Any, mask: Any) -> tuple[Any, Any, Any]:
    """Fill the last tile with keys of zero, which count."""
    more = -key.shape[2] % TILE if key.shape[2] > TILE else 0
    ends = ((0, 0), (0, 0), (0, more), (0, 0))
    if mask is not None and mask.shape[-1] > 1:
        width = [(0, 0)] * (mask.ndim - 1) + [(0, more)]
        mask = jnp.pad(mask, width, constant_values=True)
    return jnp.pad(key, ends), jnp.pad(value, ends), mask


def _slice_clamped(key: Any, value: Any, mask: Any) -> tuple[Any, Any, Any]:
    """Read the last tile with a start that is moved back, as dynamic_slice does."""
    keys = key.shape[2]
    if keys <= TILE or not keys % TILE:
        return key, value, mask
    whole = keys // TILE * TILE
    places = jnp.concatenate([jnp.arange(whole), jnp.arange(keys - TILE, keys)])
    places = places[:keys]
    return key[:, :, places], value[:, :, places], mask


right = _with(lambda key, value, mask: (key, value, mask))
WRONG = {
    "last_key_after_32": _without(lambda n: n % 32 == 1 and n > 1),
    "last_key_after_64": _without(lambda n: n % 64 == 1 and n > 1),
    "last_tile_at_64": _without(lambda n: TILE if n % 64 == 0 else 0),
    "partial_tile_lost": _without(lambda n: n % TILE if n > TILE else 0),
    "beyond_a_thousand": _without(lambda n: n - 1024 if n > 1024 else 0),
    "padding_seen": _with(_padding_seen),
    "slice_clamped": _with(_slice_clamped),
}
"""Each fault by its name: those of tails, and of sizes."""
