"""Cached keys and values: new tokens are put behind those of their sequence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Float64, Int, Shaped

from attnspec._checks import check_places
from attnspec._typing import Array, Finite, Positive, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.rope import Pairing, rotary_pairs
from attnspec.reference.segments import Segment, attend_segments


class Cached(NamedTuple):
    """What attention over a cache gives: its answers, and the caches after it."""

    output: npt.NDArray[np.float64]
    lse: npt.NDArray[np.float64]
    key_cache: Array
    value_cache: Array


@definition
def append(
    cache: Shaped[np.ndarray, "C cap H E"],
    tokens: Shaped[np.ndarray, "B N H E"],
    lengths: Int[np.ndarray, "B"],
    slots: Int[np.ndarray, "B"] | None = None,
) -> Shaped[np.ndarray, "C cap H E"]:
    r"""Put new tokens behind those that each sequence has in a cache.

    .. math:: c'_{s_b,\; \ell_b + t} = x_{b,\, t}, \qquad t < N,
              \qquad c' = c \;\text{elsewhere}

    Parameters
    ----------
    cache : (C, cap, H, E) array
        It has room for C sequences of at most cap tokens.
    tokens : (B, N, H, E) array
        They take the format of the cache.
    lengths : (B,) array of int
        How many tokens each sequence has before.
    slots : (B,) array of int, optional
        Where in the cache each sequence is; sequence b is at b by default.

    Returns
    -------
    (C, cap, H, E) array
        A cache of its own: the given one stays as it was.

    Raises
    ------
    InvalidArgument
        If a sequence has no room for its tokens, there is no such slot, or two
        sequences have the same one.

    References
    ----------
    ``k``, ``v``, ``cache_seqlens`` and ``cache_batch_idx`` of FlashAttention's
    ``flash_attn_with_kvcache``; TensorScatter of ONNX, since opset 24.

    Examples
    --------
    >>> import numpy as np
    >>> cache, tokens = np.zeros((2, 3, 1, 1)), np.array([[[[7.0]]], [[[8.0]]]])
    >>> append(cache, tokens, [2, 0], slots=[1, 0])[..., 0, 0]
    array([[8., 0., 0.],
           [0., 0., 7.]])
    """
    own = _slots(slots, len(tokens), len(cache))
    if len(np.unique(own)) < len(own):
        msg = f"slots: expected one of its own for each sequence, got {own}"
        raise InvalidArgument(msg)
    check_places("lengths", lengths, cache.shape[1] - tokens.shape[1] + 1)
    after = cache.copy()
    for slot, length, row in zip(own, lengths, tokens, strict=True):
        after[slot, length : length + len(row)] = row
    return after


@definition
def turn_by_tables(
    x: Float[np.ndarray, "B T H E"],
    cosine: Float[np.ndarray, "n pairs"],
    sine: Float[np.ndarray, "n pairs"],
    rows: Int[np.ndarray, "B T"],
    *,
    pairing: Pairing = "interleaved",
) -> Float64[np.ndarray, "B T H E"]:
    r"""Turn each token by a row of tables of cosines and sines.

    .. math::
        y_a = c_{r, n} x_a - s_{r, n} x_b, \qquad
        y_b = s_{r, n} x_a + c_{r, n} x_b
        \quad \text{for the } n\text{-th pair } (a, b)

    Parameters
    ----------
    x : (B, T, H, E) array
        Queries or keys.
    cosine, sine : (n, R / 2) arrays
        The first R entries of a vector turn.
    rows : (B, T) array of int
        The row of each token.
    pairing : {"interleaved", "half_split"}

    Returns
    -------
    (B, T, H, E) array

    Raises
    ------
    InvalidArgument
        If there is no such row, or R is above E.

    See Also
    --------
    attnspec.reference.rope.rotary : The same with the angles of positions.

    References
    ----------
    ``rotary_cos`` and ``rotary_sin`` of FlashAttention's ``flash_attn_with_kvcache``.

    Examples
    --------
    >>> import numpy as np
    >>> cosine, sine = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> x = np.array([[[[3.0, 1.0, 8.0]], [[3.0, 1.0, 8.0]]]])
    >>> turn_by_tables(x, cosine, sine, [[0, 1]])[0, :, 0]
    array([[ 3.,  1.,  8.],
           [-1.,  3.,  8.]])
    """
    width = 2 * cosine.shape[1]
    if width > x.shape[-1]:
        msg = f"cosine: expected at most {x.shape[-1] // 2} columns, got {width // 2}"
        raise InvalidArgument(msg)
    check_places("rows", rows, len(cosine))
    first, second = rotary_pairs(width, pairing=pairing)
    c, s = (float64(table)[rows][:, :, None] for table in (cosine, sine))
    old, new = float64(x), np.array(x, dtype=np.float64)
    new[..., first] = c * old[..., first] - s * old[..., second]
    new[..., second] = s * old[..., first] + c * old[..., second]
    return new


@definition
def cached_attention(  # noqa: PLR0913 - what attention takes, and the cache
    query: Float[np.ndarray, "B L Hq E"],
    key_cache: Float[np.ndarray, "C cap Hkv E"],
    value_cache: Float[np.ndarray, "C cap Hkv Ev"],
    lengths: Int[np.ndarray, "B"],
    /,
    *,
    key: Float[np.ndarray, "B N Hkv E"] | None = None,
    value: Float[np.ndarray, "B N Hkv Ev"] | None = None,
    slots: Int[np.ndarray, "B"] | None = None,
    left_pad: Int[np.ndarray, "B"] | None = None,
    cosine: Float[np.ndarray, "n pairs"] | None = None,
    sine: Float[np.ndarray, "n pairs"] | None = None,
    pairing: Pairing = "interleaved",
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
) -> Cached:
    r"""Put new keys and values into caches, and attend to all that a sequence has.

    .. math::
        o_b = \operatorname{attention}\left(q_b,\;
              K'_{s_b,\, [p_b,\, \ell_b + N)},\; V'_{s_b,\, [p_b,\, \ell_b + N)}\right)

    K' and V' are the caches after the new tokens were put into them.

    Parameters
    ----------
    query : (B, L, Hq, E) array
        The last of them stands at the last token.
    key_cache : (C, cap, Hkv, E) array
    value_cache : (C, cap, Hkv, Ev) array
    lengths : (B,) array of int
        How many tokens each sequence has before.
    key : (B, N, Hkv, E) array, optional
        The new ones; without them nothing is written.
    value : (B, N, Hkv, Ev) array, optional
    slots : (B,) array of int, optional
        Where in the caches each sequence is, as `append` takes it.
    left_pad : (B,) array of int, optional
        How many of its first tokens are padding, and are not read.
    cosine, sine : (n, R / 2) arrays, optional
        New keys and their queries are turned by the row of their place: the number of
        tokens before them, padding counted.
    pairing : {"interleaved", "half_split"}
    scale, causal, window, softcap, sink
        As in `attention`.

    Returns
    -------
    Cached
        Output (B, L, Hq, Ev), logsumexp (B, Hq, L), and the caches after.

    Raises
    ------
    InvalidArgument
        If one of key and value, or one of cosine and sine, is given alone; or as
        `append`, `turn_by_tables` and `attention` do.

    References
    ----------
    ``flash_attn_with_kvcache`` of FlashAttention 2 and 3; past and present of ONNX
    Attention-23; GroupQueryAttention of ONNX Runtime.

    Examples
    --------
    >>> import numpy as np
    >>> query, cache = np.zeros((1, 1, 1, 1)), np.full((1, 3, 1, 1), 9.0)
    >>> new = np.array([[[[3.0]]]])
    >>> found = cached_attention(query, cache, cache, [1], key=new, value=new)
    >>> found.output.item(), found.value_cache.ravel()
    (6.0, array([9., 3., 9.]))
    """
    _check_both("key", key, "value", value)
    _check_both("cosine", cosine, "sine", sine)
    total = lengths
    if key is not None and value is not None:
        total = lengths + key.shape[1]
        if cosine is not None and sine is not None:
            query, key = (
                turn_by_tables(x, cosine, sine, _last(total, x), pairing=pairing)
                for x in (query, key)
            )
        key_cache = append(key_cache, key, lengths, slots)
        value_cache = append(value_cache, value, lengths, slots)
    check_places("lengths", total, key_cache.shape[1] + 1)
    own = _slots(slots, len(query), len(key_cache))
    output, lse = attend_segments(
        query.swapaxes(1, 2),
        key_cache[own].swapaxes(1, 2),
        value_cache[own].swapaxes(1, 2),
        _segments(total, query.shape[1], left_pad),
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
    )
    return Cached(output.swapaxes(1, 2), lse, key_cache, value_cache)


def _check_both(
    one: str, first: Array | None, other: str, second: Array | None
) -> None:
    """Demand two arguments, or none of them."""
    if (first is None) != (second is None):
        given, lost = (one, other) if second is None else (other, one)
        msg = f"{lost}: expected together with {given}, got None"
        raise InvalidArgument(msg)


def _slots(
    slots: Int[np.ndarray, "B"] | None, batch: int, count: int
) -> Int[np.ndarray, "B"]:
    """Return where each sequence is."""
    own = np.arange(batch) if slots is None else slots
    check_places("slots", own, count)
    return own


def _last(
    total: Int[np.ndarray, "B"], x: Float[np.ndarray, "B n H E"]
) -> Int[np.ndarray, "B n"]:
    """Return the places of the last tokens of each sequence."""
    return total[:, None] - x.shape[1] + np.arange(x.shape[1])


def _segments(
    total: Int[np.ndarray, "B"],
    queries: int,
    left_pad: Int[np.ndarray, "B"] | None,
) -> list[Segment]:
    """Return which tokens each sequence reads: those behind its padding."""
    first = np.zeros_like(total) if left_pad is None else np.minimum(left_pad, total)
    pairs = zip(first.tolist(), total.tolist(), strict=True)
    rows = slice(0, queries)
    return [Segment(b, rows, slice(start, end)) for b, (start, end) in enumerate(pairs)]


__all__ = ["Cached", "append", "cached_attention", "turn_by_tables"]
