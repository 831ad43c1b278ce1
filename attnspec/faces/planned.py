"""The faces of FlashInfer's wrappers: planned for sequences, run on their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._of_kind import Said, Word, word
from attnspec.faces._of_plans import PlannedFace
from attnspec.faces.paged import flat_out, in_sequences, one_by_one, sums_of_queries
from attnspec.faces.varlen import FLASH_ATTN_VARLEN, arrays_of, output_of
from attnspec.judge.usage import ANY, FLOATING, Argument


def _size(operand: str, axis: int, *names: str) -> Word:
    """Return the keyword for a size of an operand."""
    return Word(("query",), names, lambda said, _: int(said[operand].shape[axis]))


def _pages(said: Said) -> Array:
    """Return how many pages each sequence has."""
    counts: Array = -(-said["lengths"] // said["key_pages"].shape[1])
    return counts


def _indptr(said: Said, _default: Any) -> Array:
    """Return where the list of each sequence begins, and where the last ends."""
    return np.append(0, np.cumsum(_pages(said))).astype(np.int32)


def _indices(said: Said, _default: Any) -> Array:
    """Return the pages of all sequences, one list behind the other."""
    table: Array = said["table"]
    own = np.arange(table.shape[1]) < _pages(said)[:, None]
    return table[own].astype(np.int32)


def _last(said: Said, _default: Any) -> Array:
    """Return how many tokens the last page of each sequence has."""
    lengths, page = said["lengths"], said["key_pages"].shape[1]
    return np.where(lengths > 0, (lengths - 1) % page + 1, 0).astype(np.int32)


def _heads_first(returned: Any, said: Said) -> Any:
    """Return a result whose logsumexp has heads before queries."""
    several = isinstance(returned, tuple | list) and len(returned) > 1
    if not (said.get("return_lse") and several):
        return returned
    output, lse, *_ = returned
    return output, lse.swapaxes(0, 1) if np.ndim(lse) == 2 else lse


def _of_requests(returned: Any, said: Said, placed: tuple[Any, ...]) -> Any:
    """Read the results of all queries as those of each sequence."""
    return in_sequences(_heads_first(returned, said), said, placed)


def _of_packed(returned: Any, said: Said, placed: tuple[Any, ...]) -> Any:
    """Read the results of all queries."""
    return output_of(_heads_first(returned, said), said, placed)


def of_tokens(returned: Any, said: Said, placed: tuple[Any, ...]) -> Any:
    """Read the results of a query for each sequence."""
    found = output_of(returned, said, placed)
    if said.get("out") is not None:
        return _with_query(found, 2) if said.get("return_lse") else None
    if isinstance(found, tuple):
        return _with_query(found[0], 1), _with_query(found[1], 2)
    return _with_query(found, 1)


def _with_query(array: Any, axis: int) -> Any:
    """Return an array with an axis for the query."""
    if not isinstance(array, np.ndarray) or array.ndim < axis:
        return array  # The judge says what is wrong with it.
    return np.expand_dims(array, axis)


def _requests(query: Array, keys: Array, values: Array, *_: Any) -> tuple[Any, ...]:
    """Give the queries of all sequences one behind the other, and both pools."""
    return one_by_one(query), (keys, values)


def _tokens(query: Array, keys: Array, values: Array, *_: Any) -> tuple[Any, ...]:
    """Give the only query of each sequence, and both pools."""
    return query[:, 0], (keys, values)


_HEADS = (
    _size("query", -2, "num_qo_heads"),
    _size("query", -1, "head_dim_qk", "head_dim"),
)
_OPTIONS = (
    word("scale", "sm_scale"),
    word("softcap", "logits_soft_cap"),
    word("sink", "sinks"),
    word("return_lse", "return_lse"),
)
_POOLS = Argument("2 P page Hkv E", "all keys and all values, in pages: a pair", ANY)
_OF_PAGES = (
    *_HEADS,
    _size("key_pages", -2, "num_kv_heads"),
    _size("value_pages", -1, "head_dim_vo"),
    _size("key_pages", 1, "page_size"),
    *_OPTIONS,
)


_WITHOUT = ("no_keys",)
"""A last page has a token at least; `--claim no_keys` asks for lists of no page."""

_PREFILL_EXAMPLE = """\
# example.py
import numpy as np


class BatchPrefillWithPagedKVCacheWrapper:
    def plan(
        self, qo_indptr,
        paged_kv_indptr, paged_kv_indices, paged_kv_last_page_len,
        num_qo_heads, num_kv_heads, head_dim_qk, sm_scale=None,
    ):
        self.rows = np.split(np.arange(qo_indptr[-1]), qo_indptr[1:-1])
        self.pages = np.split(paged_kv_indices, paged_kv_indptr[1:-1])
        self.last = paged_kv_last_page_len
        self.groups = num_qo_heads // num_kv_heads
        self.scale = head_dim_qk**-0.5 if sm_scale is None else sm_scale

    def run(self, q, paged_kv_cache):
        output = np.zeros((*q.shape[:2], paged_kv_cache[1].shape[3]), q.dtype)
        for rows, pages, last in zip(self.rows, self.pages, self.last):
            keys, values = (
                np.concatenate([*a[pages[:-1]], a[pages[-1], :last]])
                .repeat(self.groups, axis=1)
                for a in paged_kv_cache
            )
            scores = self.scale * np.einsum("qhe,khe->hqk", q[rows], keys)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            output[rows] = np.einsum("hqk,khe->qhe", weights, values)
        return output
"""

PREFILL = PlannedFace(
    id="paged-prefill-wrapper",
    title="flashinfer.BatchPrefillWithPagedKVCacheWrapper",
    sentence="Objects that are planned for pages, and run: FlashInfer's prefill.",
    kind="paged",
    operands={
        "q": Argument("T Hq E", "all queries", ANY, known_as=("query",)),
        "paged_kv_cache": _POOLS,
    },
    results={
        "output": Argument("T Hq Ev", "the values, weighed", ANY),
        "lse": Argument("T Hq", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=_requests,
    keywords=(
        Word(("query",), ("qo_indptr",), lambda said, _: sums_of_queries(said)),
        Word(("table",), ("paged_kv_indices",), _indices),
        Word(("lengths",), ("paged_kv_indptr",), _indptr),
        Word(("lengths",), ("paged_kv_last_page_len",), _last),
        word("causal", "causal"),
        flat_out(),
        *_OF_PAGES,
    ),
    needs=("qo_indptr",),
    read=_of_requests,
    without=_WITHOUT,
    example=_PREFILL_EXAMPLE,
    arrays="torch",
)
"""FlashInfer's prefill over pages."""

_DECODE_EXAMPLE = """\
# example.py
import numpy as np


class BatchDecodeWithPagedKVCacheWrapper:
    def plan(
        self, indptr, indices, last_page_len,
        num_qo_heads, num_kv_heads, head_dim, sm_scale=None,
    ):
        self.pages = np.split(indices, indptr[1:-1])
        self.last = last_page_len
        self.groups = num_qo_heads // num_kv_heads
        self.scale = head_dim**-0.5 if sm_scale is None else sm_scale

    def run(self, q, paged_kv_cache):
        output = np.zeros((*q.shape[:2], paged_kv_cache[1].shape[3]), q.dtype)
        for b, (pages, last) in enumerate(zip(self.pages, self.last)):
            keys, values = (
                np.concatenate([*a[pages[:-1]], a[pages[-1], :last]])
                .repeat(self.groups, axis=1)
                for a in paged_kv_cache
            )
            scores = self.scale * np.einsum("he,khe->hk", q[b], keys)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            output[b] = np.einsum("hk,khe->he", weights, values)
        return output
"""

DECODE = PlannedFace(
    id="paged-decode-wrapper",
    title="flashinfer.BatchDecodeWithPagedKVCacheWrapper",
    sentence="The same with one query of each sequence: FlashInfer's decode.",
    kind="paged",
    operands={
        "q": Argument("B Hq E", "a query of each", ANY, known_as=("query",)),
        "paged_kv_cache": _POOLS,
    },
    results={
        "output": Argument("B Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=_tokens,
    keywords=(
        Word(("table",), ("indices",), _indices),
        Word(("lengths",), ("indptr",), _indptr),
        Word(("lengths",), ("last_page_len",), _last),
        Word(("out",), ("out",), lambda said, _: said["out"][:, 0], writes=True),
        *_OF_PAGES,
    ),
    needs=("indptr",),
    read=of_tokens,
    without=(*_WITHOUT, "several_queries"),
    example=_DECODE_EXAMPLE,
    arrays="torch",
)
"""FlashInfer's decode over pages."""

_RAGGED_EXAMPLE = """\
# example.py
import numpy as np


class BatchPrefillWithRaggedKVCacheWrapper:
    def plan(
        self, qo_indptr, kv_indptr,
        num_qo_heads, num_kv_heads, head_dim_qk, sm_scale=None,
    ):
        self.rows = np.split(np.arange(qo_indptr[-1]), qo_indptr[1:-1])
        self.seen = np.split(np.arange(kv_indptr[-1]), kv_indptr[1:-1])
        self.groups = num_qo_heads // num_kv_heads
        self.scale = head_dim_qk**-0.5 if sm_scale is None else sm_scale

    def run(self, q, k, v):
        output = np.zeros((*q.shape[:2], v.shape[2]), q.dtype)
        for rows, seen in zip(self.rows, self.seen):
            if not len(seen):
                continue
            keys, values = (a[seen].repeat(self.groups, 1) for a in (k, v))
            scores = self.scale * np.einsum("qhe,khe->hqk", q[rows], keys)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            output[rows] = np.einsum("hqk,khe->qhe", weights, values)
        return output
"""

RAGGED = PlannedFace(
    id="ragged-prefill-wrapper",
    title="flashinfer.BatchPrefillWithRaggedKVCacheWrapper",
    sentence="Objects that are planned for packed sequences, and run: FlashInfer.",
    kind="varlen",
    operands=FLASH_ATTN_VARLEN.operands,
    results={
        "output": Argument("Tq Hq Ev", "the values, weighed", ANY),
        "lse": Argument("Tq Hq", "the logarithm of the denominator", ANY, FLOATING),
    },
    given=arrays_of,
    keywords=(
        word("cu_query", "qo_indptr"),
        word("cu_key", "kv_indptr"),
        *_HEADS,
        _size("key", -2, "num_kv_heads"),
        _size("value", -1, "head_dim_vo"),
        word("causal", "causal"),
        word("out", "out"),
        *_OPTIONS,
    ),
    needs=("kv_indptr",),
    read=_of_packed,
    example=_RAGGED_EXAMPLE,
    arrays="torch",
)
"""FlashInfer's prefill of packed sequences."""

PLANNED = (PREFILL, DECODE, RAGGED)
"""Every face of what is planned."""

__all__ = ["PLANNED", "of_tokens"]
