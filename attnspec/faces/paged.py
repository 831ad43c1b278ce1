"""The faces of attention over pages: FlashAttention's functions with a page table."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Said, Word, word
from attnspec.faces.varlen import (
    CAUSAL,
    arrays_of,
    causal_window,
    grouped,
    output_of,
    window_of,
)
from attnspec.judge.usage import ANY, FLOATING, Argument

_POOLS = {
    "k_cache": Argument("P page Hkv E", "all keys, in pages", ANY),
    "v_cache": Argument("P page Hkv Ev", "all values, in pages", ANY),
}
_OPTIONS = (
    word("table", "block_table", "page_table", "block_tables"),
    word("scale", "softmax_scale", "scale"),
    word("causal", *CAUSAL),
    Word(("window",), ("window_size",), window_of),
    Word(("window", "causal"), ("window_size",), causal_window, CAUSAL),
    word("softcap", "softcap"),
    word("sink", "learnable_sink", "s_aux", "sinks"),
    word("return_lse", "return_softmax_lse", "return_lse", "return_attn_probs"),
)


_EXAMPLE = """\
# example.py
import numpy as np


def flash_attn_with_kvcache(
    q, k_cache, v_cache, cache_seqlens=None, block_table=None, causal=False
):
    scale, groups = q.shape[3] ** -0.5, q.shape[2] // k_cache.shape[2]
    output = np.zeros((*q.shape[:3], v_cache.shape[3]), q.dtype)
    for b, end in enumerate(cache_seqlens):
        if end == 0:
            continue
        pages = block_table[b, : -(-end // k_cache.shape[1])]
        keys, values = (
            np.concatenate(a[pages])[:end].repeat(groups, axis=1)
            for a in (k_cache, v_cache)
        )
        scores = scale * np.einsum("qhe,khe->hqk", q[b], keys)
        if causal:
            here = np.arange(end - q.shape[1], end)[:, None]
            scores = np.where(np.arange(end) <= here, scores, -np.inf)
        largest = np.maximum(scores.max(-1, keepdims=True), -1e30)
        weights = np.exp(scores - largest)
        weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-30)
        output[b] = np.einsum("hqk,khe->qhe", weights, values)
    return output
"""

FLASH_ATTN_PAGED = KindFace(
    id="flash-attn-paged",
    title="flash_attn_with_kvcache",
    sentence="FlashAttention 2 and 3 over pages, as many queries for each sequence.",
    kind="paged",
    operands={"q": Argument("B L Hq E", "the queries", ANY, known_as=("query",))}
    | _POOLS,
    results={
        "output": Argument("B L Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=arrays_of,
    keywords=(word("lengths", "cache_seqlens", "seqused_k"), *_OPTIONS),
    read=output_of,
    example=_EXAMPLE,
    arrays="torch",
)
"""FlashAttention's function of a cache, where the cache is in pages."""


def _flat(query: Array, key_pages: Array, value_pages: Array, *_: Array) -> Any:
    """Give the queries of all sequences one behind the other."""
    return one_by_one(query), key_pages, value_pages


def one_by_one(array: Array) -> Array:
    """Return what belongs to the queries of all sequences, one behind the other."""
    return array.reshape(-1, *array.shape[2:])


def flat_out() -> Word:
    """Return the keyword of a buffer for the results of all queries."""
    return Word(
        ("out",), ("out",), lambda said, _: one_by_one(said["out"]), writes=True
    )


def _sums(counts: Array) -> Array:
    """Return where each sequence begins if they are packed, and where the last ends."""
    return np.append(0, np.cumsum(counts)).astype(np.int32)


def sums_of_queries(said: Said) -> Array:
    """Return where the queries of each sequence begin, and where the last end."""
    batch, count = said["query"].shape[:2]
    return _sums(np.full(batch, count))


def in_sequences(returned: Any, said: Said, placed: tuple[Any, ...]) -> Any:
    """Read the results of all queries as those of each sequence."""
    batch, count = said["query"].shape[:2]

    def parted(array: Any, axis: int) -> Any:
        if np.ndim(array) <= axis or array.shape[axis] != batch * count:
            return array  # The judge says what is wrong with it.
        shape = (*array.shape[:axis], batch, count, *array.shape[axis + 1 :])
        return np.moveaxis(array.reshape(shape), axis, 0)

    found = output_of(returned, said, placed)
    if said.get("out") is not None:
        return parted(found, 1) if said.get("return_lse") else None
    if isinstance(found, tuple):
        return parted(found[0], 0), parted(found[1], 1)
    return parted(found, 0)


_VARLEN_EXAMPLE = """\
# example.py
import numpy as np


def flash_attn_varlen_func(
    q, k, v, cu_seqlens_q, max_seqlen_q, seqused_k, max_seqlen_k, block_table
):
    scale, groups = q.shape[2] ** -0.5, q.shape[1] // k.shape[2]
    output = np.zeros((*q.shape[:2], v.shape[3]), q.dtype)
    for b, end in enumerate(seqused_k):
        if end == 0:
            continue
        rows = slice(cu_seqlens_q[b], cu_seqlens_q[b + 1])
        pages = block_table[b, : -(-end // k.shape[1])]
        keys, values = (
            np.concatenate(a[pages])[:end].repeat(groups, axis=1)
            for a in (k, v)
        )
        scores = scale * np.einsum("qhe,khe->hqk", q[rows], keys)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        output[rows] = np.einsum("hqk,khe->qhe", weights, values)
    return output
"""

FLASH_ATTN_VARLEN_PAGED = KindFace(
    id="varlen-paged",
    title="flash_attn_varlen_func",
    sentence="FlashAttention 2, vLLM, torch's varlen_attn: packed queries over pages.",
    kind="paged",
    operands={
        "q": Argument("T Hq E", "all queries", ANY, known_as=("query",)),
        "k": Argument("P page Hkv E", "all keys, in pages", ANY, known_as=("key",)),
        "v": Argument(
            "P page Hkv Ev", "all values, in pages", ANY, known_as=("value",)
        ),
    },
    results={
        "output": Argument("T Hq Ev", "the values, weighed", ANY),
        "lse": Argument("Hq T", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=_flat,
    keywords=(
        Word(("query",), ("cu_seqlens_q", "cu_seq_q"), lambda s, _: sums_of_queries(s)),
        Word(("query",), ("max_seqlen_q", "max_q"), lambda s, _: s["query"].shape[1]),
        Word(
            ("key_pages",),
            ("max_seqlen_k", "max_k"),
            lambda s, _: int(max(s["lengths"])),
        ),
        word("lengths", "seqused_k"),
        # vLLM refuses both.
        Word(
            ("lengths",),
            ("cu_seqlens_k", "cu_seq_k"),
            lambda said, _: _sums(said["lengths"]),
            unless=("seqused_k",),
        ),
        grouped("key_pages"),
        flat_out(),
        *_OPTIONS,
    ),
    needs=("cu_seqlens_q", "cu_seq_q"),
    read=in_sequences,
    example=_VARLEN_EXAMPLE,
    arrays="torch",
)
"""The functions of packed queries, where keys and values are in pages."""

OF_PAGES = (FLASH_ATTN_PAGED, FLASH_ATTN_VARLEN_PAGED)

__all__ = ["OF_PAGES", "flat_out", "in_sequences", "one_by_one", "sums_of_queries"]
