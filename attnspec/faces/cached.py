"""The faces of attention over a cache."""

from __future__ import annotations

from attnspec.faces._of_kind import KindFace, Word, word
from attnspec.faces.varlen import arrays_of, output_of, window_of
from attnspec.judge.usage import ANY, FLOATING, Argument

_FLASH_EXAMPLE = """\
# example.py
import numpy as np


def flash_attn_with_kvcache(
    q, k_cache, v_cache, k=None, v=None, cache_seqlens=None, causal=False
):
    scale, groups = q.shape[3] ** -0.5, q.shape[2] // k_cache.shape[2]
    output = np.zeros((*q.shape[:3], v_cache.shape[3]), q.dtype)
    for b, end in enumerate(cache_seqlens):
        if k is not None:
            place = slice(end, end + k.shape[1])
            k_cache[b, place], v_cache[b, place] = k[b], v[b]
            end = place.stop
        if end == 0:
            continue
        keys, values = (
            np.repeat(a[b, :end], groups, axis=1) for a in (k_cache, v_cache)
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

FLASH_ATTN_KVCACHE = KindFace(
    id="flash-attn-kvcache",
    title="flash_attn_with_kvcache",
    sentence="FlashAttention 2 and 3 over a cache, which is updated in place.",
    kind="cached",
    operands={
        "q": Argument("B L Hq E", "the queries", ANY, known_as=("query",)),
        "k_cache": Argument("C cap Hkv E", "the keys of all sequences", ANY),
        "v_cache": Argument("C cap Hkv Ev", "their values", ANY),
    },
    results={
        "output": Argument("B L Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=arrays_of,
    keywords=(
        word("key", "k"),
        word("value", "v"),
        word("lengths", "cache_seqlens"),
        word("slots", "cache_batch_idx"),
        word("left_pad", "cache_leftpad"),
        word("cosine", "rotary_cos"),
        word("sine", "rotary_sin"),
        word("interleaved", "rotary_interleaved"),
        word("scale", "softmax_scale"),
        word("causal", "causal"),
        Word(("window",), ("window_size",), window_of),
        word("softcap", "softcap"),
        word("sink", "learnable_sink", "s_aux", "sinks"),
        word("return_lse", "return_softmax_lse"),
    ),
    read=output_of,
    example=_FLASH_EXAMPLE,
    arrays="torch",
    writes=True,
)
"""FlashAttention's function of a cache."""


__all__ = ["FLASH_ATTN_KVCACHE"]
