"""The faces of padded sequences: JAX with lengths, and ONNX with those of the keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Said, Word, word
from attnspec.judge.usage import ANY, Argument


def _length_second(query: Array, key: Array, value: Array) -> tuple[Any, ...]:
    """Give arrays whose length is before the heads."""
    return tuple(array.swapaxes(1, 2) for array in (query, key, value))


def _whole(said: Said, _default: Any) -> Array:
    """Return a length for each sequence."""
    return np.broadcast_to(said["key_lengths"], len(said["query"])).copy()


def _far(said: Said, _default: Any) -> tuple[int, int]:
    """Return distances without a word for unlimited: beyond all keys it is."""
    far = said["query"].shape[2] + said["key"].shape[2]
    left, right = (far if side is None else side for side in said["window"])
    return left, right


def _heads_second(returned: Any, said: Said, _placed: tuple[Any, ...]) -> Any:
    """Bring heads before the length, of the output and of a logsumexp (B, L, H)."""
    if said.get("return_lse"):
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return returned
        return tuple(map(_turned, returned))
    return _turned(returned)


def _turned(array: Any) -> Any:
    """Exchange two axes of an array of any library; what is none stays as it is."""
    return array.swapaxes(1, 2) if getattr(array, "ndim", 0) > 2 else array


_JAX_EXAMPLE = """\
# example.py
import numpy as np


def dot_product_attention(query, key, value, *, key_value_seq_lengths=None):
    batch, queries, heads, width = query.shape
    keys, groups = key.shape[1], heads // key.shape[2]
    lengths = np.full(batch, keys)
    if key_value_seq_lengths is not None:
        lengths = key_value_seq_lengths
    seen = (np.arange(keys) < lengths[:, None])[:, None, None]
    key, value = (np.repeat(a, groups, axis=2) for a in (key, value))
    here = seen[:, 0, 0, :, None, None]
    key, value = (np.where(here, a, 0) for a in (key, value))
    scores = np.einsum("blhe,bshe->bhls", query, key) * width**-0.5
    scores = np.where(seen, scores, -np.inf)
    largest = np.maximum(scores.max(-1, keepdims=True), -1e30)
    weights = np.exp(scores - largest)
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-30)
    return np.einsum("bhls,bshe->blhe", weights, value).astype(query.dtype)
"""

JAX_LENGTHS = KindFace(
    id="jax-lengths",
    title="jax.nn.dot_product_attention",
    sentence="JAX's own function with lengths of padded sequences, in (B, L, H, E).",
    kind="padded",
    operands={
        "query": Argument("B L Hq E", "all queries", ANY, known_as=("q",)),
        "key": Argument("B S Hkv E", "all keys", ANY, known_as=("k",)),
        "value": Argument("B S Hkv Ev", "all values", ANY, known_as=("v",)),
    },
    results={
        "output": Argument("B L Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B L Hq", "the logarithm of the denominator", ANY),
    },
    given=_length_second,
    keywords=(
        word("query_lengths", "query_seq_lengths"),
        Word(("key_lengths",), ("key_value_seq_lengths",), _whole),
        word("mask", "mask"),
        word("bias", "bias"),
        word("scale", "scale"),
        word("causal", "is_causal"),
        Word(("window",), ("local_window_size",), _far),
        word("return_lse", "return_residual"),
    ),
    read=_heads_second,
    example=_JAX_EXAMPLE,
    needs=("query_seq_lengths", "key_value_seq_lengths"),
    order=(0, 2, 1, 3),
    arrays="jax",
    without=("short_mask", "value_width"),
    not_offered=("NotImplementedError", "ValueError"),
)
"""JAX's dot_product_attention with lengths."""


def _mask_or_bias(said: Said, _default: Any) -> Array:
    """Return what is added, or True where a query sees a key."""
    found: Array = said["bias"] if "bias" in said else said["mask"]
    return found


def _int64(said: Said, default: Any) -> Array:
    return _whole(said, default).astype(np.int64)


def _flag(said: Said, _default: Any) -> int:
    return int(said["causal"])


def _first(returned: Any, _said: Said, _placed: tuple[Any, ...]) -> Any:
    """Read the output, which comes before the keys and values of a cache."""
    is_several = isinstance(returned, tuple | list) and len(returned) > 0
    return returned[0] if is_several else returned


_ONNX_EXAMPLE = """\
# example.py
import numpy as np


def attention(Q, K, V, attn_mask=None, *, nonpad_kv_seqlen=None):
    batch, heads, queries, width = Q.shape
    keys, groups = K.shape[2], heads // K.shape[1]
    lengths = np.full(batch, keys)
    if nonpad_kv_seqlen is not None:
        lengths = nonpad_kv_seqlen
    seen = (np.arange(keys) < lengths[:, None])[:, None, None]
    K, V = (np.repeat(a, groups, axis=1) for a in (K, V))
    K, V = (np.where(seen.swapaxes(2, 3), a, 0) for a in (K, V))
    scores = np.einsum("bhle,bhse->bhls", Q, K) * width**-0.5
    if attn_mask is not None:
        lacking = [(0, 0)] * 3 + [(0, keys - attn_mask.shape[3])]
        if attn_mask.dtype == bool:
            seen = seen & np.pad(attn_mask, lacking)
        else:
            scores = scores + attn_mask
    scores = np.where(seen, scores, -np.inf)
    largest = np.maximum(scores.max(-1, keepdims=True), -1e30)
    weights = np.exp(scores - largest)
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-30)
    return np.einsum("bhls,bhse->bhle", weights, V).astype(Q.dtype)
"""

ONNX_LENGTHS = KindFace(
    id="onnx-lengths",
    title="Attention",
    sentence="Attention of ONNX with the lengths of the keys, since opset 24.",
    kind="padded",
    operands={
        "Q": Argument("B Hq L E", "all queries", ANY, known_as=("query",)),
        "K": Argument("B Hkv S E", "all keys", ANY, known_as=("key",)),
        "V": Argument("B Hkv S Ev", "all values", ANY, known_as=("value",)),
    },
    results={"Y": Argument("B Hq L Ev", "the values, weighed", ANY)},
    given=lambda query, key, value: (query, key, value),
    keywords=(
        Word(("key_lengths",), ("nonpad_kv_seqlen",), _int64),
        Word(("mask", "bias"), ("attn_mask",), _mask_or_bias),
        word("scale", "scale"),
        Word(("causal",), ("is_causal",), _flag),
        word("softcap", "softcap"),
    ),
    read=_first,
    example=_ONNX_EXAMPLE,
    needs=("nonpad_kv_seqlen",),
    exclusive=(("mask", "bias"),),
)
"""ONNX's Attention with lengths."""

__all__ = ["JAX_LENGTHS", "ONNX_LENGTHS"]
