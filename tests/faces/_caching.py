"""Functions with the faces of attention over caches and pages: right and wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec import kernels
from attnspec.rogues.serving._caching import Caching
from attnspec.rogues.serving._paging import Paged
from tests.faces._serving import sides

Array = npt.NDArray[Any]

_CACHED, _PAGED = Caching(), Paged()
tiled_attention: Any = kernels.tiled_attention


def flash_attn_with_kvcache(  # noqa: PLR0917 - as in the field
    q: Array,
    k_cache: Array,
    v_cache: Array,
    k: Array | None = None,
    v: Array | None = None,
    rotary_cos: Array | None = None,
    rotary_sin: Array | None = None,
    cache_seqlens: int | Array | None = None,
    cache_batch_idx: Array | None = None,
    cache_leftpad: Array | None = None,
    block_table: Array | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    rotary_interleaved: bool = True,
    alibi_slopes: Array | None = None,
    num_splits: int = 0,
    return_softmax_lse: bool = False,
) -> Any:
    """Answer as FlashAttention 2 does: the caches are updated in place."""
    assert block_table is None
    assert alibi_slopes is None
    assert num_splits == 0
    assert isinstance(cache_seqlens, np.ndarray)
    return _CACHED(
        *(q, k_cache, v_cache, cache_seqlens),
        key=k,
        value=v,
        slots=cache_batch_idx,
        left_pad=cache_leftpad,
        cosine=rotary_cos,
        sine=rotary_sin,
        interleaved=rotary_interleaved,
        causal=causal,
        window=sides(window_size),  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        return_lse=return_softmax_lse,
    )


def not_kept(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    k: Array | None = None,
    v: Array | None = None,
    cache_seqlens: Array | None = None,
) -> Any:
    """Update copies of the caches."""
    assert cache_seqlens is not None
    own = k_cache.copy(), v_cache.copy()
    return _CACHED(q, *own, cache_seqlens, key=k, value=v)


def with_pages(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    k: Array | None = None,
    v: Array | None = None,
    *,
    cache_seqlens: Array | None = None,
    page_table: Array | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    return_softmax_lse: bool = False,
) -> Any:
    """Answer as FlashAttention 3 does over pages, without new tokens."""
    assert k is None
    assert v is None
    assert page_table is not None
    assert cache_seqlens is not None
    return _PAGED(
        *(q, k_cache, v_cache, page_table, cache_seqlens),
        causal=causal,
        window=sides(window_size),  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        return_lse=return_softmax_lse,
    )


def first_row(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    *,
    cache_seqlens: Array,
    block_table: Array,
) -> Any:
    """Take the pages of the first sequence for those of all."""
    table = np.broadcast_to(block_table[:1], block_table.shape)
    return _PAGED(q, k_cache, v_cache, table, cache_seqlens)


def packed_over_pages(
    q: Array,
    k: Array,
    v: Array,
    max_seqlen_q: int,
    cu_seqlens_q: Array,
    max_seqlen_k: int,
    cu_seqlens_k: Array | None = None,
    seqused_k: Array | None = None,
    *,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: list[int] | None = None,
    softcap: float = 0.0,
    block_table: Array | None = None,
    return_softmax_lse: bool = False,
    s_aux: Array | None = None,
    out: Array | None = None,
) -> Any:
    """Answer as vLLM does: the lengths come alone, and not as sums."""
    assert cu_seqlens_k is None
    assert seqused_k is not None
    assert block_table is not None
    assert max_seqlen_k == max(seqused_k, default=0)
    assert (np.diff(cu_seqlens_q) == max_seqlen_q).all()
    output, lse = _PAGED(
        q.reshape(-1, max_seqlen_q, *q.shape[1:]),
        *(k, v, block_table, seqused_k),
        causal=causal,
        window=sides(tuple(window_size)) if window_size else None,  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        sink=s_aux,
        return_lse=True,
    )
    output = output.reshape(*q.shape[:2], -1)
    lse = lse.swapaxes(0, 1).reshape(q.shape[1], -1)
    if out is not None:
        out[...] = output
        output = out
    return (output, lse) if return_softmax_lse else output


def summed_over_pages(
    q: Array,
    k: Array,
    v: Array,
    cu_seqlens_q: Array,
    cu_seqlens_k: Array,
    max_seqlen_q: int,
    max_seqlen_k: int,
    *,
    window_size: tuple[int, int] = (-1, -1),
    block_table: Array | None = None,
    return_attn_probs: bool = False,
) -> Any:
    """Answer as FlashAttention 2 does: the lengths come as sums."""
    output, lse = packed_over_pages(
        *(q, k, v, max_seqlen_q, cu_seqlens_q, max_seqlen_k),
        seqused_k=np.diff(cu_seqlens_k),
        window_size=[*window_size],
        block_table=block_table,
        return_softmax_lse=True,
    )
    return (output, lse, None) if return_attn_probs else output


def whole_pages(
    q: Array,
    k: Array,
    v: Array,
    cu_seqlens_q: Array,
    cu_seqlens_k: Array,
    max_seqlen_q: int,
    max_seqlen_k: int,
    *,
    block_table: Array,
) -> Any:
    """Read the last page of each sequence to its end."""
    page = k.shape[1]
    most = block_table.shape[1] * page
    full = np.minimum(-(-np.diff(cu_seqlens_k) // page) * page, most)
    sums = np.append(0, np.cumsum(full)).astype(np.int32)
    longest = int(max(full, default=0))
    rest = max_seqlen_q, max(longest, max_seqlen_k)
    return summed_over_pages(
        q, k, v, cu_seqlens_q, sums, *rest, block_table=block_table
    )


def reshape_and_cache_flash(
    key: Array,
    value: Array,
    key_cache: Array,
    value_cache: Array,
    slot_mapping: Array,
    kv_cache_dtype: str,
    k_scale: Array,
    v_scale: Array,
) -> None:
    """Write each token into its slot, as vLLM does."""
    assert kv_cache_dtype == "auto"
    assert k_scale == v_scale == 1.0
    pages, slots = np.divmod(slot_mapping, key_cache.shape[1])
    kept = slot_mapping >= 0
    key_cache[pages[kept], slots[kept]] = key[kept]
    value_cache[pages[kept], slots[kept]] = value[kept]


def negative_slots(
    key: Array, value: Array, key_cache: Array, value_cache: Array, slot_mapping: Array
) -> None:
    """Write into the last slot what has none."""
    pages, slots = np.divmod(slot_mapping, key_cache.shape[1])
    key_cache[pages, slots], value_cache[pages, slots] = key, value


def append_paged_kv_cache(
    append_key: Array,
    append_value: Array,
    batch_indices: Array,
    positions: Array,
    paged_kv_cache: Array,
    kv_indices: Array,
    kv_indptr: Array,
    kv_last_page_len: Array,
    kv_layout: str = "NHD",
) -> None:
    """Write each token into the page that its list names, as FlashInfer does."""
    assert kv_layout == "NHD"
    page = paged_kv_cache.shape[2]
    ends = (np.diff(kv_indptr) - 1) * page + kv_last_page_len
    assert (positions < ends[batch_indices]).all()
    pages = kv_indices[kv_indptr[batch_indices] + positions // page]
    paged_kv_cache[pages, 0, positions % page] = append_key
    paged_kv_cache[pages, 1, positions % page] = append_value


def first_list(
    append_key: Array,
    append_value: Array,
    batch_indices: Array,
    positions: Array,
    paged_kv_cache: Array,
    kv_indices: Array,
    kv_indptr: Array,
    kv_last_page_len: Array,
) -> None:
    """Take the list of the first sequence for all."""
    lists = kv_indices, np.zeros_like(kv_indptr), kv_last_page_len
    page = paged_kv_cache.shape[2]
    inside = np.minimum(lists[1][batch_indices] + positions // page, len(lists[0]) - 1)
    pages = lists[0][inside]
    paged_kv_cache[pages, 0, positions % page] = append_key
    paged_kv_cache[pages, 1, positions % page] = append_value


def single_decode_with_kv_cache(
    q: Array,
    k: Array,
    v: Array,
    kv_layout: str = "NHD",
    use_tensor_cores: bool = False,
    logits_soft_cap: float | None = None,
    sm_scale: float | None = None,
    return_lse: bool = False,
) -> Any:
    """Answer one query of one sequence; the logsumexp is binary."""
    assert kv_layout == "NHD"
    assert not use_tensor_cores
    assert q.ndim == 2
    output, lse = tiled_attention(
        *(x.swapaxes(0, 1)[None] for x in (q[None], k, v)),
        softcap=logits_soft_cap,
        scale=sm_scale,
        return_lse=True,
    )
    output = output[0, :, 0]
    return (output, lse[0, :, 0] / np.log(2)) if return_lse else output


def last_key_lost(
    q: Array, k: Array, v: Array, use_tensor_cores: bool = False
) -> Array:
    """Answer without the last of several keys."""
    end = max(1, len(k) - 1)
    found: Array = single_decode_with_kv_cache(
        q, k[:end], v[:end], use_tensor_cores=use_tensor_cores
    )
    return found
