"""Right functions of NumPy's arrays with the signature of each face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec import kernels
from attnspec._typing import Array

tiled_attention: Callable[..., Any] = kernels.tiled_attention


def flash(
    q: Array,
    k: Array,
    v: Array,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    return_attn_probs: bool = False,
) -> Any:
    """Return attention in (B, L, H, E)."""
    assert dropout_p == 0.0, dropout_p
    left, right = (None if side < 0 else side for side in window_size)
    found = tiled_attention(
        *(x.swapaxes(1, 2) for x in (q, k, v)),
        scale=softmax_scale,
        causal=causal,
        window=(left, right),
        softcap=softcap or None,
        return_lse=return_attn_probs,
    )
    if not return_attn_probs:
        return found.swapaxes(1, 2)
    return found[0].swapaxes(1, 2), found[1], None


def qkv_packed(
    qkv: Array,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    return_attn_probs: bool = False,
) -> Any:
    """Return attention of one array (B, L, 3, H, E)."""
    assert qkv.shape[2] == 3, qkv.shape
    return flash(
        qkv[:, :, 0],
        qkv[:, :, 1],
        qkv[:, :, 2],
        dropout_p,
        softmax_scale,
        causal,
        window_size,
        return_attn_probs=return_attn_probs,
    )


def kv_packed(
    q: Array,
    kv: Array,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    return_attn_probs: bool = False,
) -> Any:
    """Return attention of queries, and keys and values in one array."""
    assert kv.shape[2] == 2, kv.shape
    return flash(
        q,
        kv[:, :, 0],
        kv[:, :, 1],
        dropout_p,
        softmax_scale,
        causal,
        window_size,
        return_attn_probs=return_attn_probs,
    )


def sdpa(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Return attention in (B, H, L, E), the diagonal upper left."""
    assert dropout_p == 0.0, dropout_p
    assert enable_gqa == (query.shape[1] != key.shape[1])
    is_mask = attn_mask is not None and attn_mask.dtype == np.bool_
    return tiled_attention(
        query,
        key,
        value,
        mask=attn_mask if is_mask else _upper_left(query, key) if is_causal else None,
        bias=None if is_mask else attn_mask,
        scale=scale,
    )


def jax(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    local_window_size: tuple[int, int] | None = None,
    return_residual: bool = False,
) -> Any:
    """Return attention in (B, L, H, E), the logsumexp in (B, L, H)."""
    q, k, v = (x.swapaxes(1, 2) for x in (query, key, value))
    seen = np.ones((1, 1, 1, 1), np.bool_) if mask is None else mask
    if is_causal:
        seen = seen & _upper_left(q, k)
    if local_window_size is not None:
        i, j = np.arange(q.shape[2])[:, None], np.arange(k.shape[2])
        left, right = local_window_size
        seen = seen & (i - j <= left) & (j - i <= right)
    output, lse = tiled_attention(
        q, k, v, mask=seen, bias=bias, scale=scale, return_lse=True
    )
    lse = lse.astype(query.dtype).swapaxes(1, 2)
    return (output.swapaxes(1, 2), lse) if return_residual else output.swapaxes(1, 2)


def hf(
    module: Any,
    query: Array,
    key: Array,
    value: Array,
    attention_mask: Array | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs: Any,
) -> Any:
    """Return attention and nothing else, in (B, L, H, E) of (B, H, L, E)."""
    assert not kwargs
    assert dropout == 0.0
    assert module.num_key_value_groups == query.shape[1] // key.shape[1]
    found = tiled_attention(query, key, value, bias=attention_mask, scale=scaling)
    return found.swapaxes(1, 2), None


def hf_windowed(
    module: Any,
    query: Array,
    key: Array,
    value: Array,
    attention_mask: Array | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    is_causal: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Return attention to so many keys, itself included, as for flash kernels."""
    assert not kwargs
    assert attention_mask is None
    assert not module.training
    window = None if sliding_window is None else (sliding_window - 1, None)
    found = tiled_attention(
        query,
        key,
        value,
        scale=scaling,
        causal=bool(is_causal),
        window=window,
        softcap=softcap,
    )
    return found.swapaxes(1, 2), None


def mlx(
    q: Array,
    k: Array,
    v: Array,
    *,
    scale: float,
    mask: Array | str | None = None,
    sinks: Array | None = None,
    stream: object = None,
) -> Any:
    """Return attention in (B, H, L, E)."""
    assert stream is None
    causal = isinstance(mask, str)
    assert not causal or mask == "causal"
    is_mask = isinstance(mask, np.ndarray) and mask.dtype == np.bool_
    return tiled_attention(
        q,
        k,
        v,
        mask=mask if is_mask else None,
        bias=None if is_mask or causal else mask,
        scale=scale,
        causal=causal,
        sink=sinks,
    )


def single(
    q: Array,
    k: Array,
    v: Array,
    custom_mask: Array | None = None,
    causal: bool = False,
    kv_layout: str = "NHD",
    sm_scale: float | None = None,
    window_left: int = -1,
    logits_soft_cap: float | None = None,
    return_lse: bool = False,
) -> Any:
    """Return attention of one sequence, in (L, H, E), the logsumexp in base 2."""
    assert kv_layout == "NHD"
    assert q.ndim == k.ndim == v.ndim == 3
    assert custom_mask is None or custom_mask.shape == (len(q), len(k))
    output, lse = tiled_attention(
        *(x.swapaxes(0, 1)[None] for x in (q, k, v)),
        mask=custom_mask,
        causal=causal,
        scale=sm_scale,
        window=(None if window_left < 0 else window_left, None),
        softcap=logits_soft_cap,
        return_lse=True,
    )
    base_2 = (lse[0].T.astype(np.float64) / np.log(2)).astype(lse.dtype)
    output = output[0].swapaxes(0, 1)
    return (output, base_2) if return_lse else output


def _upper_left(query: Array, key: Array) -> Array:
    """Return the mask of the causal flag."""
    return np.arange(key.shape[2]) <= np.arange(query.shape[2])[:, None]


RIGHT: dict[str, Callable[..., Any]] = {
    "flash-attn": flash,
    "flash-attn-qkvpacked": qkv_packed,
    "flash-attn-kvpacked": kv_packed,
    "sdpa": sdpa,
    "jax": jax,
    "hf": hf,
    "mlx": mlx,
    "single-prefill": single,
}


def window_off_by_one(
    q: Array,
    k: Array,
    v: Array,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
) -> Any:
    """See one key more to the right."""
    left, right = window_size
    wider = (left, right + (right >= 0))
    return flash(q, k, v, 0.0, softmax_scale, causal, wider)


def flash_without_fault(
    q: Array,
    k: Array,
    v: Array,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
) -> Any:
    """Return attention in (B, L, H, E)."""
    return flash(q, k, v, 0.0, softmax_scale, causal, window_size)


def hidden_shown(
    module: Any,
    query: Array,
    key: Array,
    value: Array,
    attention_mask: Array | None,
    scaling: float,
) -> Any:
    """Ignore the mask."""
    return hf(module, query, key, value, None, scaling)


def keys_for_values(
    q: Array, kv: Array, softmax_scale: float | None = None, causal: bool = False
) -> Any:
    """Exchange keys and values."""
    return kv_packed(q, kv[:, :, ::-1], 0.0, softmax_scale, causal)
