"""Attention in one pass over tiles of keys, with a running softmax.

It is how fast kernels work: of the scores only one tile exists at a time. Each row
carries a peak, a sum and an accumulator, and rescales the latter two when a tile
raises the peak. Query heads that share a key head are rows of one matrix product.

Narrow inputs are computed as most kernels compute them: float16 and bfloat16 have
float32 scores, sums and accumulators, and weights rounded to the format of the
inputs before they meet the values. float32 and float64 keep their own precision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from attnspec._arguments import checked
from attnspec._checks import check_broadcast, check_multiple
from attnspec._typing import Array, Finite, Positive, Window

TILE = 64
"""The number of keys in a tile; the last tile may be shorter."""


class _Options(NamedTuple):
    """The options of a call, spread over all rows."""

    scale: float
    softcap: float | None
    bias: Array | None
    mask: Array
    reach: tuple[Array, Array]


class _Rows(NamedTuple):
    """What each query carries from tile to tile."""

    peak: Array
    total: Array
    accumulator: Array


@checked
def tiled_attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    return_lse: bool = False,
) -> Array | tuple[Array, Array]:
    """Compute attention tile by tile, with the last query at the last key.

    Parameters
    ----------
    query : (B, Hq, L, E) array
        In float64, float32, float16 or bfloat16.
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    mask : array of bool, optional
        Broadcasts to (B, Hq, L, S); True attends.
    bias : array, optional
        Broadcasts to (B, Hq, L, S); added after scale and softcap.
    scale : float, optional
        One over the root of E by default.
    causal : bool
        Hide the keys after each query's position.
    window : (int or None, int or None), optional
        Inclusive distances to the left and right; None is unlimited.
    softcap : float, optional
        Scores are bent into the interval from -softcap to softcap.
    sink : (Hq,) array, optional
        One score a head that joins the denominator and has no value.
    return_lse : bool
        Give the logarithm of the denominators, too.

    Returns
    -------
    output : (B, Hq, L, Ev) array
        In the format of `query`; zero for a query that sees no key.
    lse : (B, Hq, L) array
        Only with `return_lse`. In float64 for float64, otherwise float32; minus
        infinity for a query that sees no key and has no sink.

    References
    ----------
    Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018,
    :doi:`10.48550/arXiv.1805.02867`. Dao et al., "FlashAttention", 2022,
    algorithm 1, :doi:`10.48550/arXiv.2205.14135`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.zeros((1, 1, 2, 4)), np.zeros((1, 1, 2, 4))
    >>> value = np.array([[[[1.0], [3.0]]]])
    >>> tiled_attention(query, key, value, causal=True)[0, 0]
    array([[1.],
           [2.]])
    """
    sizes = (*query.shape[:3], key.shape[2])
    check_multiple("query", "heads", query.shape[1], key.shape[1])
    check_broadcast("mask", mask, sizes)
    check_broadcast("bias", bias, sizes)
    options = _Options(
        scale=1.0 / math.sqrt(query.shape[3] or 1) if scale is None else scale,
        softcap=softcap,
        bias=None if bias is None else np.broadcast_to(bias, sizes),
        mask=np.broadcast_to(True if mask is None else mask, sizes),
        reach=_reach(sizes, causal=causal, window=window),
    )
    work = np.dtype(np.float64 if query.dtype == np.float64 else np.float32)
    queries = _grouped(query, key.shape[1]).astype(work)
    rows = _start(queries, value.shape[3], sink)

    with np.errstate(all="ignore"):  # What is hidden may be NaN, or overflow.
        for tile in _tiles(*options.reach):
            scores = _scores(queries, key[:, :, tile], tile, options)
            selected = np.where(_visible(tile, options, scores.shape), scores, -np.inf)
            rows = _updated(rows, selected, value[:, :, tile], query.dtype)
        output, lse = _finished(rows)
    output = output.reshape(*sizes[:3], value.shape[3]).astype(query.dtype)
    return (output, lse.reshape(sizes[:3])) if return_lse else output


def _grouped(query: Array, key_heads: int) -> Array:
    """Make all queries that share a key head the rows of one matrix."""
    batch, heads, length, width = query.shape
    return query.reshape(batch, key_heads, heads // max(key_heads, 1) * length, width)


def _reach(
    sizes: tuple[int, ...],
    *,
    causal: bool,
    window: Window | None,
) -> tuple[Array, Array]:
    """Find the first and the last key that each query may reach."""
    length, keys = sizes[2:]
    position = np.arange(keys - length, keys)
    left, right = window or (None, None)
    right = 0 if causal else right
    first = np.zeros_like(position) if left is None else position - left
    last = np.full_like(position, keys - 1) if right is None else position + right
    return np.maximum(first, 0), np.minimum(last, keys - 1)


def _tiles(first: Array, last: Array) -> Iterator[slice]:
    """Cut the keys that any query may reach into tiles."""
    end = int(last.max(initial=-1)) + 1
    begin = int(first.min(initial=end)) // TILE * TILE
    for start in range(begin, end, TILE):
        yield slice(start, min(start + TILE, end))


def _start(queries: Array, width: int, sink: Array | None) -> _Rows:
    """Begin with the sink, a score without a value, or with nothing at all."""
    batch, key_heads, count, _ = queries.shape
    work = queries.dtype
    peak = np.full((batch, key_heads, count, 1), -np.inf, dtype=work)
    if sink is not None:
        heads = sink.astype(work).reshape(key_heads, -1, 1)
        peak[...] = np.repeat(heads, count // heads.shape[1], axis=1)
    accumulator = np.zeros((batch, key_heads, count, width), dtype=work)
    return _Rows(peak, (peak > -np.inf).astype(work), accumulator)


def _scores(queries: Array, keys: Array, tile: slice, options: _Options) -> Array:
    """Score a tile of keys: scale, then softcap, then bias."""
    scores = queries @ keys.astype(queries.dtype).swapaxes(2, 3) * options.scale
    if options.softcap is not None:
        scores = options.softcap * np.tanh(scores / options.softcap)
    if options.bias is None:
        return scores
    addend = options.bias[..., tile].reshape(scores.shape).astype(scores.dtype)
    return np.where(np.isneginf(addend), addend, scores + addend)


def _visible(tile: slice, options: _Options, shape: tuple[int, ...]) -> Array:
    """Say which keys of a tile each row sees."""
    keys = np.arange(tile.start, tile.stop)
    first, last = options.reach
    near = (first[:, None] <= keys) & (keys <= last[:, None])
    return (near & options.mask[..., tile]).reshape(shape)


def _updated(rows: _Rows, scores: Array, value: Array, narrow: np.dtype[Any]) -> _Rows:
    """Take in a tile: raise the peak, fade what was, add what is new."""
    peak = np.maximum(rows.peak, scores.max(axis=-1, keepdims=True))
    base = np.where(np.isneginf(peak), 0, peak)  # So that nothing yet is not NaN.
    fade = np.exp(rows.peak - base)
    weights = np.exp(scores - base)
    # A value that no query sees is dropped: zero times NaN would be NaN.
    unseen = np.all(scores == -np.inf, axis=2)[..., None]
    shown = np.where(unseen, 0, value.astype(scores.dtype))
    total = rows.total * fade + weights.sum(axis=-1, keepdims=True)
    mixed = weights.astype(narrow).astype(scores.dtype) @ shown
    return _Rows(peak, total, rows.accumulator * fade + mixed)


def _finished(rows: _Rows) -> tuple[Array, Array]:
    """Divide by the total; a query that saw nothing answers zero."""
    output = np.where(rows.total == 0, 0, rows.accumulator / rows.total)
    return output, rows.peak + np.log(rows.total)


__all__ = ["TILE", "tiled_attention"]
