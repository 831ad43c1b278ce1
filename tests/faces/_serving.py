"""Functions with the faces of packed, padded and merged attention: right and wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.rogues.serving._merging import merging
from attnspec.rogues.serving._merging_in_place import lse_first, written
from attnspec.rogues.serving._merging_many import weighed
from attnspec.rogues.serving._packing import Varlen
from attnspec.rogues.serving._padding import Padded
from attnspec.rogues.serving._padding_steps import from_the_first, of_the_first

Array = npt.NDArray[Any]

_VARLEN, _PADDED, _FROM_THE_FIRST = Varlen(), Padded(), Padded(frontier=from_the_first)
_MERGE, _MERGE_ALL = merging(), weighed()


def sides(window: tuple[int | None, int | None]) -> tuple[int | None, ...] | None:
    """Read a window in which -1 or None is unlimited."""
    sides = tuple(None if side in (-1, None) else side for side in window)
    return None if sides == (None, None) else sides


def flash_attn_varlen_func(  # noqa: PLR0917 - as in the field
    q: Array,
    k: Array,
    v: Array,
    cu_seqlens_q: Array,
    cu_seqlens_k: Array,
    max_seqlen_q: int,
    max_seqlen_k: int,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    return_attn_probs: bool = False,
) -> Any:
    """Answer as FlashAttention 2 does: three results, or one."""
    assert dropout_p == 0.0
    output, lse = _VARLEN(
        *(q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k),
        causal=causal,
        window=sides(window_size),  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        return_lse=True,
    )
    return (output, lse, None) if return_attn_probs else output


def windowless(
    q: Array,
    k: Array,
    v: Array,
    cu_seqlens_q: Array,
    cu_seqlens_k: Array,
    max_seqlen_q: int,
    max_seqlen_k: int,
    window_size: tuple[int, int] = (-1, -1),
) -> Any:
    """Forget the window."""
    assert len(window_size) == 2
    sums = cu_seqlens_q, cu_seqlens_k
    return flash_attn_varlen_func(q, k, v, *sums, max_seqlen_q, max_seqlen_k)


def of_vllm(  # noqa: PLR0917
    q: Array,
    k: Array,
    v: Array,
    max_seqlen_q: int,
    cu_seqlens_q: Array,
    max_seqlen_k: int,
    cu_seqlens_k: Array | None = None,
    seqused_k: Array | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: list[int] | None = None,
    softcap: float = 0.0,
    return_softmax_lse: bool = False,
    s_aux: Array | None = None,
    out: Array | None = None,
) -> Any:
    """Take the bounds before the sums, as vLLM does."""
    assert cu_seqlens_k is not None
    output, lse = _VARLEN(
        *(q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k),
        causal=causal,
        window=sides(tuple(window_size)) if window_size else None,  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        sink=s_aux,
        used_key=seqused_k,
        return_lse=True,
    )
    if out is not None:
        out[...] = output
        output = out
    return (output, lse) if return_softmax_lse else output


def of_version_4(  # noqa: PLR0917
    q: Array,
    k: Array,
    v: Array,
    cu_seqlens_q: Array | None = None,
    cu_seqlens_k: Array | None = None,
    max_seqlen_q: int | None = None,
    max_seqlen_k: int | None = None,
    seqused_q: Array | None = None,
    seqused_k: Array | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int | None, int | None] = (None, None),
    learnable_sink: Array | None = None,
    softcap: float = 0.0,
    return_lse: bool = False,
) -> Any:
    """Give a pair in any case, as FlashAttention 4 does."""
    arrays: Any = q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k
    output, lse = _VARLEN(
        *arrays,
        causal=causal,
        window=sides(window_size),  # type: ignore[arg-type]
        softcap=softcap or None,
        scale=softmax_scale,
        sink=learnable_sink,
        used_query=seqused_q,
        used_key=seqused_k,
        return_lse=True,
    )
    return output, lse if return_lse else None


def varlen_attn(
    query: Array,
    key: Array,
    value: Array,
    cu_seq_q: Array,
    cu_seq_k: Array,
    max_q: int,
    max_k: int,
    *,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
) -> Any:
    """Say causality by the window, and groups by a flag, as torch does."""
    assert enable_gqa == (query.shape[1] != key.shape[1])
    left, right = window_size
    return _VARLEN(
        *(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k),
        window=sides((left, right)),  # type: ignore[arg-type]
        scale=scale,
    )


def _of_jax(padded: Padded, query: Array, key: Array, value: Array, **more: Any) -> Any:
    """Attend in (B, L, H, E), with the first query at the first key."""
    arrays = (array.swapaxes(1, 2) for array in (query, key, value))
    output, lse = padded(*arrays, **more, return_lse=True)
    return output.swapaxes(1, 2), lse.swapaxes(1, 2)


def dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: Array | None = None,
    key_value_seq_lengths: Array | None = None,
    local_window_size: tuple[int, int] | None = None,
    return_residual: bool = False,
) -> Any:
    """Answer as JAX does."""
    found = _of_jax(
        _FROM_THE_FIRST,
        *(query, key, value),
        bias=bias,
        mask=mask,
        scale=scale,
        causal=is_causal,
        window=local_window_size,
        query_lengths=query_seq_lengths,
        key_lengths=key_value_seq_lengths,
    )
    return found if return_residual else found[0]


def first_length(
    query: Array,
    key: Array,
    value: Array,
    *,
    key_value_seq_lengths: Array | None = None,
) -> Any:
    """Take the length of the first sequence for all."""
    padded = Padded(lengths=of_the_first)
    arrays = query, key, value
    return _of_jax(padded, *arrays, key_lengths=key_value_seq_lengths)[0]


def attention_of_onnx(
    Q: Array,
    K: Array,
    V: Array,
    attn_mask: Array | None = None,
    nonpad_kv_seqlen: Array | None = None,
    *,
    is_causal: int = 0,
    scale: float | None = None,
    softcap: float = 0.0,
) -> Any:
    """Answer as ONNX does: the mask is added unless it is boolean."""
    assert nonpad_kv_seqlen is None or nonpad_kv_seqlen.dtype == np.int64
    is_mask = attn_mask is not None and attn_mask.dtype == np.bool_
    output = _PADDED(
        *(Q, K, V),
        mask=attn_mask if is_mask else None,
        bias=None if is_mask else attn_mask,
        key_lengths=nonpad_kv_seqlen,
        causal=bool(is_causal),
        scale=scale,
        softcap=softcap or None,
    )
    return output, None, None


def upside_down(
    Q: Array,
    K: Array,
    V: Array,
    attn_mask: Array | None = None,
    nonpad_kv_seqlen: Array | None = None,
) -> Any:
    """Take True for what is hidden."""
    if attn_mask is not None and attn_mask.dtype == np.bool_:
        attn_mask = ~attn_mask
    return attention_of_onnx(Q, K, V, attn_mask, nonpad_kv_seqlen)


def merge_state_in_place(
    v: Array, s: Array, v_other: Array, s_other: Array, mask: Array | None = None
) -> None:
    """Merge into the first part."""
    rows = np.ones(len(s), np.bool_) if mask is None else mask
    written((v, s, v_other, s_other), _MERGE, rows)


def read_again(
    v: Array, s: Array, v_other: Array, s_other: Array, mask: Array | None = None
) -> None:
    """Read the logsumexp that has just been written."""
    rows = np.ones(len(s), np.bool_) if mask is None else mask
    lse_first((v, s, v_other, s_other), _MERGE, rows)


def merge_attn_states(
    output: Array,
    prefix_output: Array,
    prefix_lse: Array,
    suffix_output: Array,
    suffix_lse: Array,
    output_lse: Array | None = None,
) -> None:
    """Merge into an output, as vLLM does."""
    merged = _MERGE(prefix_output, prefix_lse.T, suffix_output, suffix_lse.T)
    output[...] = merged[0]
    if output_lse is not None:
        output_lse[...] = merged[1].T


def last_head_unwritten(
    output: Array,
    prefix_output: Array,
    prefix_lse: Array,
    suffix_output: Array,
    suffix_lse: Array,
    output_lse: Array | None = None,
) -> None:
    """Leave the last head as it was."""
    parts = prefix_output, prefix_lse, suffix_output, suffix_lse
    whole = np.array(output)
    merge_attn_states(whole, *parts, output_lse)
    output[:, :-1] = whole[:, :-1]


def merge_attentions(outputs: list[Array], lse_tensors: list[Array]) -> Any:
    """Merge lists, as NATTEN does."""
    first, second = (np.stack(each, axis=2)[0] for each in (outputs, lse_tensors))
    output, lse = _MERGE_ALL(first, second)
    return output[None], lse[None]


def last_of_list(outputs: list[Array], lse_tensors: list[Array]) -> Any:
    """Drop the last part of the lists."""
    rest = slice(0, max(1, len(outputs) - 1))
    return merge_attentions(outputs[rest], lse_tensors[rest])


def flash_attn_combine(
    out_partial: Array, lse_partial: Array, out: Array | None = None
) -> Any:
    """Merge splits, as FlashAttention 3 does."""
    assert out is None
    return merge_attentions(list(out_partial), list(lse_partial))


def even_splits(
    out_partial: Array, lse_partial: Array, out: Array | None = None
) -> Any:
    """Weigh all splits alike."""
    lse = flash_attn_combine(out_partial, lse_partial, out)[1]
    return out_partial.mean(0).astype(out_partial.dtype), lse
