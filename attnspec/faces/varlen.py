"""The face of packed sequences: flash_attn_varlen_func and what is called like it."""

from __future__ import annotations

from typing import Any

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Said, Word, word
from attnspec.judge.usage import ANY, FLOATING, Argument

CAUSAL = ("causal", "is_causal")


def window_of(said: Said, default: Any) -> tuple[Any, ...]:
    """Return distances whose word for unlimited is that of the default: -1 or None."""
    sides = default if isinstance(default, tuple) else ()
    free = None if None in sides else -1
    window = said.get("window") or (None, None)
    return (*(free if side is None else side for side in window), *sides[2:])


def causal_window(said: Said, default: Any) -> tuple[Any, ...]:
    """Return distances that say causality, too: no key to the right is seen."""
    left, right, *rest = window_of(said, default)
    return (left, 0 if said.get("causal") else right, *rest)


def _bounded(name: str) -> Word:
    """Return the keyword for a bound on lengths: a plain integer."""
    side = {"query": "q", "key": "k"}[name]
    return word(f"max_{name}", f"max_seqlen_{side}", f"max_{side}")


def _summed(name: str) -> Word:
    """Return the keyword for the sums of lengths."""
    side = {"query": "q", "key": "k"}[name]
    return word(f"cu_{name}", f"cu_seqlens_{side}", f"cu_seq_{side}")


def grouped(keys: str) -> Word:
    """Return the flag that says that query heads share a key head."""

    def value(said: Said, _default: Any) -> bool:
        return bool(said["query"].shape[-2] != said[keys].shape[-2])

    return Word(("query",), ("enable_gqa",), value)


def arrays_of(query: Array, key: Array, value: Array, *_: Any) -> tuple[Any, ...]:
    """Give the three arrays in their place; all else comes by name."""
    return query, key, value


def output_of(returned: Any, said: Said, _placed: tuple[Any, ...]) -> Any:
    """Read the output, and the logsumexp that comes second where it is asked for.

    An output that was written into a buffer is found there.
    """
    if not isinstance(returned, tuple | list) or not returned:
        return returned
    if said.get("out") is not None:
        return returned[1] if said.get("return_lse") else None
    return tuple(returned[:2]) if said.get("return_lse") else returned[0]


_EXAMPLE = """\
# example.py
import numpy as np


def varlen(q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k):
    scale = q.shape[-1] ** -0.5
    groups = q.shape[1] // k.shape[1]
    output = np.zeros((*q.shape[:2], v.shape[2]), np.float32)
    for n in range(len(cu_seqlens_q) - 1):
        rows = slice(cu_seqlens_q[n], cu_seqlens_q[n + 1])
        seen = slice(cu_seqlens_k[n], cu_seqlens_k[n + 1])
        if seen.start == seen.stop:
            continue
        keys, values = (np.repeat(a[seen], groups, axis=1) for a in (k, v))
        scores = scale * np.einsum("qhe,khe->hqk", q[rows], keys)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        output[rows] = np.einsum("hqk,khe->qhe", weights, values)
    return output.astype(q.dtype)
"""

FLASH_ATTN_VARLEN = KindFace(
    id="flash-attn-varlen",
    title="flash_attn_varlen_func",
    sentence="FlashAttention 2, 3 and 4, vLLM, SGLang, and torch's varlen_attn.",
    kind="varlen",
    operands={
        "q": Argument("Tq Hq E", "all queries", ANY, known_as=("query",)),
        "k": Argument("Tk Hkv E", "all keys", ANY, known_as=("key",)),
        "v": Argument("Tk Hkv Ev", "all values", ANY, known_as=("value",)),
    },
    results={
        "output": Argument("Tq Hq Ev", "the values, weighed", ANY),
        "lse": Argument("Hq Tq", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=arrays_of,
    keywords=(
        # The order of these differs from one function to the next.
        *(_summed("query"), _summed("key"), _bounded("query"), _bounded("key")),
        word("used_query", "seqused_q"),
        word("used_key", "seqused_k"),
        word("scale", "softmax_scale", "scale"),
        word("causal", *CAUSAL),
        Word(("window",), ("window_size",), window_of),
        Word(("window", "causal"), ("window_size",), causal_window, CAUSAL),
        word("softcap", "softcap"),
        word("sink", "learnable_sink", "s_aux", "sinks", "sink"),
        # In some functions return_attn_probs without return_lse gives something else.
        word("return_lse", "return_lse", "return_softmax_lse", "return_attn_probs"),
        grouped("key"),
        word("out", "out"),
    ),
    read=output_of,
    example=_EXAMPLE,
    arrays="torch",
)
"""The functions of packed sequences of the FlashAttention family."""

__all__ = [
    "CAUSAL",
    "FLASH_ATTN_VARLEN",
    "arrays_of",
    "causal_window",
    "grouped",
    "output_of",
    "window_of",
]
